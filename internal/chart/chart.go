// Package chart draws the pictures of figures that stand in the docs.
package chart

import (
	"bytes"
	"fmt"
	"html"
	"io"
)

// A Chart is one group of bars.
type Chart struct {
	Title string
	Bars  []Bar
}

// A Bar is one figure of a chart.
type Bar struct {
	Name, Figure string
	Length       float64 // against the others of the chart
	Ours         bool    // to be seen first
}

// Lengths in the picture's own pixels.
const (
	width      = 760
	margin     = 24
	barsFrom   = 290
	barsTo     = 640
	barHeight  = 14
	barStep    = 22
	titleStep  = 26
	chartSpace = 18
)

// Draw writes the charts, one below the other, as an SVG picture of that title. A
// picture in a page knows the reader's colour scheme but not the page's, so it brings
// its own ground.
func Draw(w io.Writer, title string, charts []Chart) error {
	height := 2*margin - chartSpace
	for _, c := range charts {
		height += titleStep + barStep*len(c.Bars) + chartSpace
	}
	var buf bytes.Buffer
	fmt.Fprintf(&buf, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img" aria-labelledby="t">
<title id="t">%s</title>
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
`, width, height, html.EscapeString(title), width-1, height-1)
	y := margin
	for _, c := range charts {
		fmt.Fprintf(&buf, "<text class=\"title\" x=\"%d\" y=\"%d\">%s</text>\n", margin, y+barHeight, html.EscapeString(c.Title))
		y += titleStep
		longest := 0.0
		for _, b := range c.Bars {
			longest = max(longest, b.Length)
		}
		for _, b := range c.Bars {
			ours := ""
			if b.Ours {
				ours = " ours"
			}
			length := 1.0 // nothing at all is still to be seen
			if longest > 0 {
				length = max(length, b.Length/longest*(barsTo-barsFrom))
			}
			fmt.Fprintf(&buf, "<text class=\"name%s\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>", ours, barsFrom-10, y+12, html.EscapeString(b.Name))
			fmt.Fprintf(&buf, "<rect class=\"bar%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\"/>", ours, barsFrom, y, length, barHeight)
			fmt.Fprintf(&buf, "<text class=\"figure%s\" x=\"%.1f\" y=\"%d\">%s</text>\n", ours, barsFrom+length+8, y+12, html.EscapeString(b.Figure))
			y += barStep
		}
		y += chartSpace
	}
	buf.WriteString("</svg>\n")
	_, err := w.Write(buf.Bytes())
	return err
}
