// Package bars draws figures as horizontal bars, for the pictures in the docs.
package bars

import (
	"bytes"
	"fmt"
	"image/color"
	"io"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// A Bar is one figure.
type Bar struct {
	Name  string
	Value float64
	Own   bool // ours, and so highlighted
}

var (
	grey = color.RGBA{R: 0xaf, G: 0xb8, B: 0xc1, A: 0xff}
	blue = color.RGBA{R: 0x09, G: 0x69, B: 0xda, A: 0xff}
)

// Draw writes the bars, the first one at the top, as an SVG picture. The axis says what the
// values are.
func Draw(w io.Writer, title, axis string, all []Bar) error {
	plot.DefaultFont = font.Font{Typeface: "Liberation", Variant: "Sans"}
	plotter.DefaultFont = plot.DefaultFont
	figure := plot.New()
	figure.Title.Text, figure.Title.Padding = title, vg.Points(8)
	figure.X.Label.Text, figure.X.Min = axis, 0
	var (
		names   = make([]string, len(all))
		numbers plotter.XYLabels
	)
	for i, b := range all {
		y := len(all) - 1 - i
		names[y] = b.Name
		bar, err := plotter.NewBarChart(plotter.Values{b.Value}, vg.Points(16))
		if err != nil {
			return err
		}
		bar.Horizontal, bar.XMin, bar.Color, bar.LineStyle.Width = true, float64(y), grey, 0
		if b.Own {
			bar.Color = blue
		}
		figure.Add(bar)
		numbers.XYs = append(numbers.XYs, plotter.XY{X: b.Value, Y: float64(y)})
		numbers.Labels = append(numbers.Labels, fmt.Sprintf("%.3g", b.Value))
	}
	labels, err := plotter.NewLabels(numbers)
	if err != nil {
		return err
	}
	labels.Offset = vg.Point{X: vg.Points(4), Y: -vg.Points(4)}
	figure.Add(labels)
	figure.NominalY(names...)
	figure.X.Max *= 1.08 // room for the last number
	svg := vgsvg.New(vg.Points(580), vg.Points(float64(90+26*len(all))))
	canvas := draw.New(svg)
	canvas.SetColor(color.White) // the margin, too: the page around it may be dark
	canvas.Fill(canvas.Rectangle.Path())
	figure.Draw(draw.Crop(canvas, vg.Points(12), -vg.Points(12), vg.Points(10), -vg.Points(10)))
	var picture bytes.Buffer
	if _, err := svg.WriteTo(&picture); err != nil {
		return err
	}
	// Not every reader has the font that the text was measured by.
	_, err = w.Write(bytes.ReplaceAll(picture.Bytes(), []byte("Liberation Sans"), []byte("Liberation Sans,Arial,Helvetica,sans-serif")))
	return err
}
