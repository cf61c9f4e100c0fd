package browser

import (
	"bytes"
	"flag"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

var picturesDir = flag.String("pictures", "", "the folder to write the README's pictures to; by default they are only looked at")

// The README shows the settings page in light and in dark colors.
func TestPictures(t *testing.T) {
	v := visitDemo(t)
	for scheme, bright := range map[string]bool{"light": true, "dark": false} {
		v.desk(scheme)
		v.reload() // with the icons of that scheme
		picture, err := chromedp.Run(v.ctx, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := png.Decode(bytes.NewReader(picture))
		if err != nil {
			t.Fatal(err)
		}
		corner := color.GrayModel.Convert(decoded.At(5, 5)).(color.Gray)
		if width := decoded.Bounds().Dx(); width != deskWidth || (corner.Y > 0x80) != bright {
			t.Errorf("picture in %s colors is %d wide, its corner %d bright", scheme, width, corner.Y)
		}
		if *picturesDir != "" {
			if err := os.WriteFile(filepath.Join(*picturesDir, "settings-"+scheme+".png"), picture, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
