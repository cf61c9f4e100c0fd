package chart_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal/internal/chart"
)

func TestDraw(t *testing.T) {
	var b strings.Builder
	err := chart.Draw(&b, "a < b", []chart.Chart{
		{Title: "first", Bars: []chart.Bar{
			{Name: "one & only", Figure: "2 µs", Length: 2, Ours: true},
			{Name: "half", Figure: "1 µs", Length: 1},
			{Name: "nothing", Figure: "0"},
		}},
		{Title: "all nothing", Bars: []chart.Bar{{Name: "none", Figure: "0 %"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var texts, widths []string
	for d := xml.NewDecoder(strings.NewReader(b.String())); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("not XML: %v\n%s", err, b.String())
		}
		switch e := token.(type) {
		case xml.CharData:
			if s := strings.TrimSpace(string(e)); s != "" && !strings.HasPrefix(s, "svg {") {
				texts = append(texts, s)
			}
		case xml.StartElement:
			for _, a := range e.Attr {
				if e.Name.Local == "rect" && a.Name.Local == "width" {
					widths = append(widths, a.Value)
				}
			}
		}
	}
	wantTexts := "a < b, first, one & only, 2 µs, half, 1 µs, nothing, 0, all nothing, none, 0 %"
	if got := strings.Join(texts, ", "); got != wantTexts {
		t.Errorf("texts = %s\nwant    %s", got, wantTexts)
	}
	if got, want := strings.Join(widths, " "), "759 350.0 175.0 1.0 1.0"; got != want {
		t.Errorf("widths = %s, want %s", got, want)
	}
	for _, want := range []string{`role="img"`, `aria-labelledby="t"`, "prefers-color-scheme: dark", `class="bar ours"`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in the picture", want)
		}
	}
}
