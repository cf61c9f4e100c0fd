// Command plot draws a bar for each benchmark in the output of "go test -bench" that it
// reads from its standard input, as an SVG picture on its standard output:
//
//	go test -bench=Click ./bench | go run ./bench/plot -bench=/proto=h2 -keys=way -title='…' >click.svg
//
// Of several runs of a benchmark it takes the median. A bar is named by the values of the
// benchmark's keys: /way=warmed is "warmed".
package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"

	"github.com/adminportal-go/adminportal/internal/e2e/bench/bars"
)

func main() {
	var p picture
	bench := flag.String("bench", ".", "draw the benchmarks whose name matches this `regexp`")
	own := flag.String("own", "adminportal|warmed|shared", "highlight the bars whose name matches this `regexp`")
	keys := flag.String("keys", "way", "the keys whose values name a bar, with commas between")
	flag.StringVar(&p.unit, "unit", "sec/op", "draw this unit of the benchmarks")
	flag.StringVar(&p.axis, "axis", "", "what the axis says; by default the unit")
	flag.Float64Var(&p.scale, "scale", 1, "multiply what is drawn by this, as 1000 for milliseconds")
	flag.StringVar(&p.title, "title", "", "title of the picture")
	flag.Parse()
	p.keys = strings.Split(*keys, ",")
	p.bench, p.own = regexp.MustCompile(*bench), regexp.MustCompile(*own)
	if err := p.draw(os.Stdout, os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "plot:", err)
		os.Exit(1)
	}
}

type picture struct {
	bench, own        *regexp.Regexp
	keys              []string
	unit, axis, title string
	scale             float64
}

// draw writes the picture of the benchmarks in r.
func (p picture) draw(w io.Writer, r io.Reader) error {
	all, err := p.read(r)
	if err != nil {
		return err
	}
	return bars.Draw(w, p.title, cmp.Or(p.axis, p.unit), all)
}

// read returns the benchmarks in the order in which they came, with their medians.
func (p picture) read(r io.Reader) ([]bars.Bar, error) {
	var names []string
	values := map[string][]float64{}
	for results := benchfmt.NewReader(r, "standard input"); results.Scan(); {
		result, ok := results.Result().(*benchfmt.Result)
		if !ok || !p.bench.MatchString(result.Name.String()) {
			continue
		}
		if value, ok := result.Value(p.unit); ok {
			name := p.label(result.Name)
			if values[name] == nil {
				names = append(names, name)
			}
			values[name] = append(values[name], value)
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("the input has no benchmark %s with the unit %s", p.bench, p.unit)
	}
	all := make([]bars.Bar, len(names))
	for i, name := range names {
		of := values[name]
		slices.Sort(of)
		all[i] = bars.Bar{Name: name, Value: of[len(of)/2] * p.scale, Own: p.own.MatchString(name)}
	}
	return all, nil
}

// label is the values of the picture's keys in a benchmark's name.
func (p picture) label(name benchfmt.Name) string {
	_, parts := name.Parts()
	var values []string
	for _, key := range p.keys {
		for _, part := range parts {
			if value, ok := strings.CutPrefix(string(part), "/"+key+"="); ok {
				values = append(values, strings.ReplaceAll(value, "_", " "))
			}
		}
	}
	return strings.Join(values, ", ")
}
