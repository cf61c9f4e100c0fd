package demo_test

import (
	"bytes"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/adminportal-go/adminportal/client/portaltest"
	"github.com/adminportal-go/adminportal/internal/demo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A world is a demo on a socket of its own, and the sandbox that its buttons lead to.
type world struct {
	sandbox      *portaltest.Server
	site         string
	acme, globex string
	log          *journal
}

func newWorld(t testing.TB, change ...func(*demo.Config)) world {
	t.Helper()
	w := world{sandbox: portaltest.NewServer(t), log: new(journal)}
	w.acme, w.globex = w.sandbox.Organization, w.sandbox.AddOrganization("Globex")
	srv := httptest.NewUnstartedServer(nil)
	w.site = "http://" + srv.Listener.Addr().String()
	config := demo.Config{
		Site:          w.site,
		BaseURL:       w.sandbox.URL,
		APIKey:        w.sandbox.APIKey,
		Organizations: []demo.Organization{{ID: w.acme, Name: "Acme"}, {ID: w.globex, Name: "Globex"}},
		Sandbox:       w.sandbox.Handler,
		Log:           w.log,
	}
	for _, c := range change {
		c(&config)
	}
	page, err := demo.New(config)
	if err != nil {
		t.Fatal(err)
	}
	srv.Config.Handler = page
	srv.Start()
	t.Cleanup(page.Close)
	t.Cleanup(srv.Close)
	return w
}

// A journal is a log that a test reads.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

// A browser keeps cookies, says where a request comes from, and follows no
// redirects by itself.
type browser struct {
	*http.Client
	world
}

func (w world) browser(t testing.TB) browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	return browser{&http.Client{Jar: jar, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}, w}
}

// visitor is a browser that has been on the page.
func (w world) visitor(t testing.TB) browser {
	t.Helper()
	b := w.browser(t)
	b.page(t, "/settings")
	return b
}

// An answer is what a browser has in hand: the body is read, and text is what of it
// a person or their JSON would have, without the escapes of HTML.
type answer struct {
	*http.Response
	body, text string
}

func (b browser) send(t testing.TB, method, address, body string, header ...string) answer {
	t.Helper()
	if strings.HasPrefix(address, "/") {
		address = b.site + address
	}
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html,*/*;q=0.8")
	if method == http.MethodPost {
		req.Header.Set("Origin", b.site)
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		if req.Header.Del(header[i]); header[i+1] != "" {
			req.Header.Set(header[i], header[i+1])
		}
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
	return answer{resp, string(text), html.UnescapeString(string(text))}
}

// page is a page of the demo, which must be there.
func (b browser) page(t testing.TB, address string) answer {
	t.Helper()
	got := b.send(t, http.MethodGet, address, "")
	if got.StatusCode != http.StatusOK {
		t.Fatalf("GET %s = %d, want 200", address, got.StatusCode)
	}
	return got
}

// click presses a button.
func (b browser) click(t testing.TB, feature string, header ...string) answer {
	t.Helper()
	return b.send(t, http.MethodPost, "/configure/"+feature, "", header...)
}

// post sends a form of the page, which must lead back to it.
func (b browser) post(t testing.TB, address, name, value string) {
	t.Helper()
	got := b.send(t, http.MethodPost, address, url.Values{name: {value}}.Encode())
	if to := got.Header.Get("Location"); got.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, "/settings") {
		t.Fatalf("POST %s %s=%s = %d to %q, want 303 to the settings", address, name, value, got.StatusCode, to)
	}
}

// has says which of the texts are not in what was shown.
func has(t testing.TB, what, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("%s does not have %q:\n%s", what, w, text)
		}
	}
}

// hasNot says which of the texts are.
func hasNot(t testing.TB, what, text string, unwanted ...string) {
	t.Helper()
	for _, w := range unwanted {
		if strings.Contains(text, w) {
			t.Errorf("%s has %q:\n%s", what, w, text)
		}
	}
}
