package demo_test

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/adminportal-go/adminportal/internal/demo"
	"github.com/adminportal-go/adminportal/internal/demo/demotest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A world is a demo and its sandbox.
type world struct{ *demotest.World }

func newWorld(t *testing.T, change ...func(*demo.Config)) world {
	t.Helper()
	return world{demotest.New(t, change...)}
}

func (w world) port() string { return w.Site[strings.LastIndex(w.Site, ":")+1:] }

// A browser keeps cookies, says where a request comes from, and follows no redirects by itself.
type browser struct {
	*http.Client
	world
}

func (w world) browser(t *testing.T) browser {
	t.Helper()
	jar, _ := cookiejar.New(nil) // which never fails
	return browser{&http.Client{Jar: jar, Transport: w.Client().Transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}, w}
}

// visitor is a browser that has been on the page.
func (w world) visitor(t *testing.T) browser {
	t.Helper()
	b := w.browser(t)
	b.page(t, "/settings")
	return b
}

// An answer has the body without the escapes of HTML.
type answer struct {
	*http.Response
	text string
}

// send sends a request as the page's own forms and links do, with the header's fields instead of its own.
func (b browser) send(t *testing.T, method, address, body string, header ...string) answer {
	t.Helper()
	if strings.HasPrefix(address, "/") {
		address = b.Site + address
	}
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html,*/*;q=0.8")
	if method == http.MethodPost {
		req.Header.Set("Origin", b.Site)
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
	}
	resp, err := b.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp, html.UnescapeString(string(text))}
}

// page gets a page, which must be there.
func (b browser) page(t *testing.T, address string, header ...string) answer {
	t.Helper()
	got := b.send(t, http.MethodGet, address, "", header...)
	if got.StatusCode != http.StatusOK {
		t.Fatalf("GET %s = %d, want 200", address, got.StatusCode)
	}
	return got
}

// click presses a button.
func (b browser) click(t *testing.T, feature string, header ...string) answer {
	t.Helper()
	return b.send(t, http.MethodPost, "/configure/"+feature, "", header...)
}

// choose sends a form of the page, which must lead back to it.
func (b browser) choose(t *testing.T, address, name, value string) {
	t.Helper()
	got := b.send(t, http.MethodPost, address, url.Values{name: {value}}.Encode())
	if to := got.Header.Get("Location"); got.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, "/settings") {
		t.Fatalf("POST %s %s=%s = %d to %q, want 303 to the settings", address, name, value, got.StatusCode, to)
	}
}

func has(t *testing.T, what, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("%s does not have %q:\n%s", what, w, text)
		}
	}
}

func hasNot(t *testing.T, what, text, unwanted string) {
	t.Helper()
	if strings.Contains(text, unwanted) {
		t.Errorf("%s has %q:\n%s", what, unwanted, text)
	}
}
