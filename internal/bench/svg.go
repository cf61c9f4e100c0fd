package main

import (
	"bytes"
	"fmt"
	"html"
	"io"
)

// A chart is one group of bars: less is better in all of them.
type chart struct {
	title string
	bars  []bar
}

type bar struct {
	name, figure string
	length       float64 // against the others of the chart
	ours         bool
}

// Lengths in the picture's own pixels.
const (
	svgWidth   = 760
	svgMargin  = 24
	barsFrom   = 290
	barsTo     = 640
	barHeight  = 14
	barStep    = 22
	titleStep  = 26
	chartSpace = 18
)

// svg draws the charts one below the other. A picture in a page knows the reader's
// colour scheme but not the page's, so it brings its own ground.
func (r *report) svg(w io.Writer) error {
	var charts []chart
	height := 2*svgMargin - chartSpace
	for _, s := range r.sections {
		for _, c := range s.charts {
			charts = append(charts, c)
			height += titleStep + barStep*len(c.bars) + chartSpace
		}
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img" aria-labelledby="t">
<title id="t">What a call costs: adminportal beside net/http by hand and other clients; shorter is better</title>
<style>
svg { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
.ground { fill: #ffffff; stroke: #d0d7de; }
.title { fill: #1f2328; font-weight: 600; }
.name, .figure { fill: #424a53; }
.bar { fill: #afb8c1; }
.ours { font-weight: 600; }
text.ours { fill: #0550ae; }
rect.ours { fill: #0969da; }
@media (prefers-color-scheme: dark) {
.ground { fill: #0d1117; stroke: #30363d; }
.title { fill: #f0f6fc; }
.name, .figure { fill: #b7bdc8; }
.bar { fill: #545d68; }
text.ours { fill: #79c0ff; }
rect.ours { fill: #388bfd; }
}
</style>
<rect class="ground" x="0.5" y="0.5" width="%d" height="%d" rx="6"/>
`, svgWidth, height, svgWidth-1, height-1)
	y := svgMargin
	for _, c := range charts {
		fmt.Fprintf(&out, "<text class=\"title\" x=\"%d\" y=\"%d\">%s</text>\n", svgMargin, y+barHeight, html.EscapeString(c.title))
		y += titleStep
		longest := 0.0
		for _, b := range c.bars {
			longest = max(longest, b.length)
		}
		for _, b := range c.bars {
			ours := ""
			if b.ours {
				ours = " ours"
			}
			length := 1.0 // nothing at all is still to be seen
			if longest > 0 {
				length = max(length, b.length/longest*(barsTo-barsFrom))
			}
			fmt.Fprintf(&out, "<text class=\"name%s\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>", ours, barsFrom-10, y+12, html.EscapeString(b.name))
			fmt.Fprintf(&out, "<rect class=\"bar%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\"/>", ours, barsFrom, y, length, barHeight)
			fmt.Fprintf(&out, "<text class=\"figure%s\" x=\"%.1f\" y=\"%d\">%s</text>\n", ours, barsFrom+length+8, y+12, html.EscapeString(b.figure))
			y += barStep
		}
		y += chartSpace
	}
	out.WriteString("</svg>\n")
	_, err := out.WriteTo(w)
	return err
}
