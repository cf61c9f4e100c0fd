package portaltest

import (
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"strings"
)

// markPath is the icon of the portal's own pages.
const markPath = "/portal/icon.svg"

// isFile says whether a path is that of a file: public, without rates or faults, and
// of no interest in the list of requests.
func isFile(path string) bool { return strings.HasPrefix(path, iconPath) || path == markPath }

func serveFile(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
		return
	}
	svg, ok := file(r.URL.Path)
	if !ok {
		http.Error(w, "Not Found", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "image/svg+xml")
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("Content-Security-Policy", "default-src 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = io.WriteString(w, svg) //nolint:gosec // the path picks a drawing, and none of it is in one
}

// findIcon takes /provider-icons/{light|dark}/{slug}.svg apart.
func findIcon(path string) (p provider, dark, ok bool) {
	scheme, file, _ := strings.Cut(strings.TrimPrefix(path, iconPath), "/")
	slug, svg := strings.CutSuffix(file, ".svg")
	if dark = scheme == "dark"; !svg || !dark && scheme != "light" {
		return provider{}, false, false
	}
	for _, p := range providers {
		if p.slug == slug {
			return p, dark, !dark || !p.lightOnly
		}
	}
	return provider{}, false, false
}

func file(path string) (svg string, ok bool) {
	if path == markPath {
		return draw("Admin Portal", "AP", "#3450ad", "#ffffff"), true
	}
	p, dark, ok := findIcon(path)
	if !ok {
		return "", false
	}
	hash := fnv.New32a()
	_, _ = io.WriteString(hash, p.slug) // never fails
	hue := float64(hash.Sum32() % 360)
	if dark {
		return draw(p.name, p.mark, color(hue, .32, .22), color(hue, .80, .86)), true
	}
	return draw(p.name, p.mark, color(hue, .65, .93), color(hue, .70, .27)), true
}

// draw makes an icon of our own, a monogram: the providers' artwork is theirs. The
// letters keep to what XML needs no escapes for.
func draw(name, mark, paper, ink string) string {
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48" width="48" height="48" role="img" aria-label="%s">`+
		`<rect width="48" height="48" rx="12" fill="%s"/>`+
		`<text x="24" y="31" text-anchor="middle" font-family="ui-sans-serif, system-ui, sans-serif" font-size="20" font-weight="600" fill="%s">%s</text>`+
		"</svg>\n", name, paper, ink, mark)
}

// color is of a hue in degrees, a saturation and a lightness, as SVG spells it.
func color(hue, saturation, lightness float64) string {
	channel := func(n float64) int {
		k := n + hue/30
		for k >= 12 {
			k -= 12
		}
		spread := saturation * min(lightness, 1-lightness)
		return int(255*(lightness-spread*max(-1, min(k-3, 9-k, 1))) + .5)
	}
	return fmt.Sprintf("#%02x%02x%02x", channel(0), channel(8), channel(4))
}
