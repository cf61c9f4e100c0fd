package browser

import (
	"bytes"
	"cmp"
	"flag"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/page"
)

var picturesDir = flag.String("pictures", "", "the folder that gets pictures of the pages; unless told, they are looked at and thrown away")

// Each page is pictured by day, by night and on a phone, and the picture is one of a
// page: as large as asked, of many colors, light or dark as a whole.
func TestPictures(t *testing.T) {
	t.Parallel()
	s := visitDemo(t)
	views := []struct {
		name string
		show func()
	}{
		{"settings", func() {}},
		{"portal", func() { s.press(button("Configure SSO")) }},
		{"back", func() { s.press(link("Done")) }},
		{"failure", func() {
			s.choose("429")
			s.press(button("Apply"))
			s.press(button("Configure SSO"))
		}},
	}
	for _, v := range views {
		v.show()
		for _, kind := range []struct {
			name   string
			size   func()
			scheme func()
			width  int
			light  bool
		}{
			{"light", s.desk, s.light, 1200, true},
			{"dark", s.desk, s.dark, 1200, false},
			{"phone", s.phone, s.light, 2 * phoneWidth, true},
		} {
			kind.size()
			kind.scheme()
			name := v.name + "-" + kind.name + ".png"
			picture := s.picture()
			plausible(t, name, picture, kind.width, kind.light)
			if *picturesDir == "" {
				continue
			}
			if err := write(filepath.Join(*picturesDir, name), picture); err != nil {
				t.Error(err)
			}
		}
		s.desk()
		s.light()
	}
}

// picture is what the window shows, with its icons.
func (b *tab) picture() []byte {
	b.t.Helper()
	b.until("the icons of this light", `[...document.images].every(img => {
		const source = img.parentElement.querySelector("source");
		const chosen = source && matchMedia(source.media).matches ? source.srcset : img.getAttribute("src");
		return img.complete && img.currentSrc === new URL(chosen, document.baseURI).href;
	})`)
	evaluate[bool](b, `Promise.all([...document.images].map(i => i.decode().catch(() => {}))).then(() => true)`)
	return do(b, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng}).Data
}

// write keeps a picture, small enough to commit: in the 256 colors that it has most
// of, which what is drawn in few colors does not show.
func write(name string, picture []byte) error {
	decoded, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return err
	}
	count := map[color.RGBA]int{}
	at := func(x, y int) color.RGBA { c, _ := color.RGBAModel.Convert(decoded.At(x, y)).(color.RGBA); return c }
	size := decoded.Bounds()
	for y := size.Min.Y; y < size.Max.Y; y++ {
		for x := size.Min.X; x < size.Max.X; x++ {
			count[at(x, y)]++
		}
	}
	most := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	var palette color.Palette
	for _, c := range most[:min(256, len(most))] {
		palette = append(palette, c)
	}
	index := map[color.RGBA]uint8{}
	for c := range count {
		index[c] = uint8(palette.Index(c))
	}
	few := image.NewPaletted(size, palette)
	for y := size.Min.Y; y < size.Max.Y; y++ {
		for x := size.Min.X; x < size.Max.X; x++ {
			few.SetColorIndex(x, y, index[at(x, y)])
		}
	}
	var packed bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&packed, few); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, packed.Bytes(), 0o644)
}

func plausible(t *testing.T, name string, picture []byte, width int, light bool) {
	t.Helper()
	decoded, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	size := decoded.Bounds()
	if size.Dx() != width {
		t.Errorf("%s is %d pixels wide, want %d", name, size.Dx(), width)
	}
	colors, bright, pixels := map[color.Color]int{}, 0, 0
	for y := size.Min.Y; y < size.Max.Y; y += 3 {
		for x := size.Min.X; x < size.Max.X; x += 3 {
			c := decoded.At(x, y)
			r, g, b, _ := c.RGBA()
			colors[c]++
			pixels++
			if r+g+b > 3*0x8000 {
				bright++
			}
		}
	}
	most := 0
	for _, n := range colors {
		most = max(most, n)
	}
	if len(colors) < 40 || most > pixels*97/100 {
		t.Errorf("%s is all but blank: %d colors, and one of them on %d %% of it", name, len(colors), 100*most/pixels)
	}
	if isLight := bright > pixels/2; isLight != light {
		t.Errorf("%s is light = %v, want %v", name, isLight, light)
	}
}
