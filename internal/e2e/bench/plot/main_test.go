package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
)

func TestDraw(t *testing.T) {
	p := picture{
		bench: regexp.MustCompile("/proto=h2"), own: regexp.MustCompile("warmed"),
		keys: []string{"way"}, unit: "sec/op", title: "A click", axis: "milliseconds", scale: 1000,
	}
	const output = `BenchmarkClick/proto=h1/way=by_hand-2  9  999000000 ns/op
BenchmarkClick/proto=h2/way=by_hand-2  9  157000000 ns/op
BenchmarkClick/proto=h2/way=warmed-2   9   70000000 ns/op
BenchmarkClick/proto=h2/way=warmed-2   9   52000000 ns/op
BenchmarkClick/proto=h2/way=warmed-2   9   51000000 ns/op
`
	var svg bytes.Buffer
	if err := p.draw(&svg, strings.NewReader(output)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{">A click<", ">milliseconds<", ">by hand<", ">157<", ">warmed<", ">52<"} {
		if !strings.Contains(svg.String(), want) {
			t.Errorf("the picture has no text %s", want)
		}
	}
	for _, not := range []string{">999<", ">70<"} {
		if strings.Contains(svg.String(), not) {
			t.Errorf("the picture has the text %s", not)
		}
	}
	p.unit = "refused/op"
	if err := p.draw(&svg, strings.NewReader(output)); err == nil {
		t.Error("got no error for a unit that the input has not")
	}
}
