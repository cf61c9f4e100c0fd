package demo_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client/portaltest"
	"github.com/adminportal-go/adminportal/internal/demo"
)

// The four features: address, name, button and what the portal's page calls it.
var features = []struct{ slug, name, button, intent, portal string }{
	{"sso", "Single sign-on", "Configure SSO", "sso", "Configure Single Sign-On"},
	{"dsync", "Directory Sync", "Configure Directory Sync", "dsync", "Configure Directory Sync"},
	{"audit-logs", "Audit Logs", "Configure Audit Logs", "audit_logs", "Audit Logs"},
	{"log-streams", "Log Streams", "Configure Log Streams", "log_streams", "Configure Log Streams"},
}

func TestEveryButtonLeadsToItsPortalAndBack(t *testing.T) {
	w := newWorld(t)
	b := w.visitor(t)
	for _, f := range features {
		has(t, "page", b.page(t, "/settings").body,
			`<form method="post" action="/configure/`+f.slug+`"><button>`+f.button+`</button></form>`)
		for how, want := range map[string]string{"success_url": f.name + ": done.", "return_url": f.name + ": not finished."} {
			got := b.click(t, f.slug)
			if got.StatusCode != http.StatusSeeOther {
				t.Fatalf("%s = %d, want 303", f.button, got.StatusCode)
			}
			has(t, "portal", b.page(t, got.Header.Get("Location")).text, "<h1>"+f.portal+"</h1>", "Admin Portal", "Acme")
			links := w.sandbox.Links()
			last := links[len(links)-1]
			if last.Intent != f.intent || last.Organization.ID != w.acme {
				t.Errorf("%s: link = %s for %s, want %s for Acme", f.button, last.Intent, last.Organization.Name, f.intent)
			}
			back := last.ReturnURL
			if how == "success_url" {
				back = last.SuccessURL
			}
			page := b.page(t, back).text
			has(t, "page after "+how, page, want, "was sent on to the portal, with status 303, and came back by the <code>"+how+"</code>")
			if n := strings.Count(page, `role="status"`); n != 1 {
				t.Errorf("page after %s has %d notices, want 1", how, n)
			}
		}
	}
	hasNot(t, "page", b.page(t, "/settings").text, `role="status"`)
}

func TestFrontDoor(t *testing.T) {
	w := newWorld(t)
	if got := w.browser(t).send(t, http.MethodGet, "/", ""); got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != "/settings" {
		t.Errorf("GET / = %d to %q, want 303 to /settings", got.StatusCode, got.Header.Get("Location"))
	}
	got := w.browser(t).send(t, http.MethodGet, "/elsewhere", "")
	if got.StatusCode != http.StatusNotFound {
		t.Errorf("GET /elsewhere = %d, want 404", got.StatusCode)
	}
	has(t, "page", got.text, "There is nothing here", `href="`+w.site+`/settings"`)
}

// What happened is on the page of the person who clicked: the request for a shell,
// the answers, the life of the link, what they saw, and what the log got.
func TestPageShowsWhatHappened(t *testing.T) {
	w := newWorld(t)
	b := w.visitor(t)
	has(t, "page before a click", b.page(t, "/settings").text, "Nothing yet.")
	b.click(t, "sso")
	page := b.page(t, "/settings").text
	has(t, "page", page,
		"curl "+w.sandbox.URL+"/portal_links \\\n"+
			"  -H \"Authorization: Bearer $WORKOS_API_KEY\" \\\n"+
			"  -H 'Content-Type: application/json' \\\n"+
			"  -d '{\n"+
			"    \"intent\": \"sso\",\n"+
			"    \"organization\": \""+w.acme+"\",\n"+
			"    \"return_url\": \""+w.site+"/settings?left=sso\",\n"+
			"    \"success_url\": \""+w.site+"/settings?done=sso\"\n"+
			"  }'",
		"<b>200</b> OK, in ",
		"Life left: <time datetime=",
		"was sent on to the portal, with status 303.",
		`level=INFO msg="portal link made" organization=`+w.acme+" intent=sso ttl=")
	has(t, "log", w.log.String(), `msg="portal link made" organization=`+w.acme)
}

func TestLifeCountsDown(t *testing.T) {
	w := newWorld(t)
	b := w.visitor(t)
	b.click(t, "sso")
	life := regexp.MustCompile(`<time datetime="PT(\d+)S" data-left="(\d+)">([^<]+)</time>`)
	left := func() (int, string) {
		t.Helper()
		m := life.FindStringSubmatch(b.page(t, "/settings").body)
		if m == nil || m[1] != m[2] {
			t.Fatalf("the page tells no life: %q", m)
		}
		n, _ := strconv.Atoi(m[1])
		return n, m[3]
	}
	before, words := left()
	if before < 500 || before > 600 || !strings.HasPrefix(words, "9 min ") && !strings.HasPrefix(words, "8 min ") {
		t.Errorf("life = %d s, %q, want about ten minutes", before, words)
	}
	w.sandbox.Advance(5 * time.Minute)
	if after, _ := left(); after > before-300 || after < before-400 {
		t.Errorf("five minutes later it is %d s, want %d", after, before-300)
	}
	w.sandbox.Advance(10 * time.Minute)
	if after, words := left(); after != 0 || words != "none, it has expired" {
		t.Errorf("after its end it is %d s, %q, want none", after, words)
	}
}

func TestPageKeepsTheLatestClicks(t *testing.T) {
	w := newWorld(t, func(c *demo.Config) { c.Log = nil })
	b := w.visitor(t)
	for range 12 {
		b.click(t, "dsync")
	}
	b.click(t, "sso")
	page := b.page(t, "/settings").text
	if n := strings.Count(page, "<details"); n != 8 {
		t.Errorf("page shows %d clicks, want 8", n)
	}
	_, first, _ := strings.Cut(page, "<details open>")
	has(t, "the open one", first[:min(len(first), 200)], "Configure SSO")
	if n := strings.Count(page, "<details open>"); n != 1 {
		t.Errorf("%d are open, want the latest alone", n)
	}
}

// The link is in the Location of the answer, and nowhere else; the key is nowhere.
func TestLinkAndKeyAreNowhere(t *testing.T) {
	w := newWorld(t)
	b := w.visitor(t)
	shown := new(strings.Builder)
	note := func(a answer) {
		shown.WriteString(a.body)
		for name, values := range a.Header {
			if name != "Location" {
				shown.WriteString(strings.Join(values, " "))
			}
		}
	}
	var secrets []string
	for _, fault := range []string{"none", "expired", "429", "500", "500-once", "gone", "none"} {
		b.post(t, "/sandbox", "fault", fault)
		for _, f := range features {
			got := b.click(t, f.slug)
			note(got)
			if u, err := url.Parse(got.Header.Get("Location")); err == nil && u.Query().Has("secret") {
				secrets = append(secrets, u.Query().Get("secret"))
			}
			note(b.page(t, "/settings?done="+f.slug))
		}
	}
	if len(secrets) < 12 {
		t.Fatalf("%d links, want those of four kinds", len(secrets))
	}
	for _, secret := range append(secrets, w.sandbox.APIKey, "secret=", "sk_") {
		if strings.Contains(shown.String(), secret) {
			t.Errorf("a page or a header has a secret")
		}
		if strings.Contains(w.log.String(), secret) {
			t.Errorf("the log has a secret")
		}
	}
}

// Nothing is kept, and nobody is told where a request came from.
func TestHeaders(t *testing.T) {
	w := newWorld(t)
	b := w.visitor(t)
	for name, want := range map[string]string{
		"Cache-Control":          "no-store",
		"Referrer-Policy":        "same-origin",
		"X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' " + w.sandbox.URL +
			"; form-action 'self' " + w.sandbox.URL + "; base-uri 'none'; frame-ancestors 'none'",
	} {
		if got := b.page(t, "/settings").Header.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	got := b.click(t, "sso")
	for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"} {
		if got.Header.Get(name) != want {
			t.Errorf("click: %s = %q, want %q", name, got.Header.Get(name), want)
		}
	}
	cookie := w.browser(t).page(t, "/settings").Cookies()[0]
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" {
		t.Errorf("cookie = %v, want HttpOnly and SameSite=Lax", cookie.Raw)
	}
}

// All that the page asks for is there, and is ours or the sandbox's.
func TestPageAsksForNothingElsewhere(t *testing.T) {
	w := newWorld(t)
	b := w.visitor(t)
	page := b.page(t, "/settings").body
	asked := regexp.MustCompile(`(?:src|srcset|href|action)="([^"]+)"`).FindAllStringSubmatch(page, -1)
	pictures := 0
	for _, m := range asked {
		switch address := m[1]; {
		case strings.HasPrefix(address, "#"), strings.HasPrefix(address, "/configure/"), address == "/organization", address == "/sandbox":
		case strings.HasPrefix(address, "/"):
			got := b.page(t, address)
			if got.Header.Get("Cache-Control") != "max-age=3600" || !strings.Contains(address, "?") {
				t.Errorf("%s: Cache-Control = %q, want it kept, under a name that changes with it", address, got.Header.Get("Cache-Control"))
			}
		case strings.HasPrefix(address, w.sandbox.URL+"/provider-icons/"):
			pictures++
			if got := b.page(t, address); got.Header.Get("Content-Type") != "image/svg+xml" {
				t.Errorf("%s is no picture: %s", address, got.Header.Get("Content-Type"))
			}
		default:
			t.Errorf("page asks for %s", address)
		}
	}
	if pictures != 24 || strings.Count(page, ` alt="" width="24" height="24"`) != 12 {
		t.Errorf("page has %d pictures of providers, want 12, light and dark:\n%s", pictures, page)
	}
	hasNot(t, "page", page, "<style", " style=", " onclick=", "<script>")
}

// On WorkOS there is nothing to break.
func TestOnWorkOS(t *testing.T) {
	w := newWorld(t, func(c *demo.Config) {
		c.Sandbox = nil
	})
	b := w.visitor(t)
	got := b.page(t, "/settings")
	hasNot(t, "page", got.text, "What goes wrong", "sandbox")
	has(t, "page", got.text, w.sandbox.URL, "is real")
	if got := b.send(t, http.MethodPost, "/sandbox", "fault=gone"); got.StatusCode != http.StatusNotFound {
		t.Errorf("POST /sandbox = %d, want 404", got.StatusCode)
	}
}

func TestNewRefusesAKeyThatIsNone(t *testing.T) {
	for _, c := range []demo.Config{
		{Site: "http://127.0.0.1:1", BaseURL: "https://api.example", APIKey: "pk_wrong"},
		{Site: "http://127.0.0.1:1", BaseURL: "http://api.example", APIKey: "sk_test_1"},
		{Site: "http://127.0.0.1:port", BaseURL: "https://api.example", APIKey: "sk_test_1"},
	} {
		if _, err := demo.New(c); err == nil {
			t.Errorf("New(%s, %s) = nil, want an error", c.Site, c.BaseURL)
		}
	}
}

// Two clicks in a row are two links, both good.
func TestDoubleClick(t *testing.T) {
	w := newWorld(t)
	b := w.visitor(t)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			got := b.click(t, "sso")
			if got.StatusCode != http.StatusSeeOther {
				t.Errorf("click = %d, want 303", got.StatusCode)
				return
			}
			b.page(t, got.Header.Get("Location"))
		})
	}
	wg.Wait()
	has(t, "page", b.page(t, "/settings").text, "link made")
}

func TestWhoLeavesIsWrittenDown(t *testing.T) {
	w := newWorld(t)
	b := w.visitor(t)
	w.sandbox.Fail(portaltest.Fault{Operation: portaltest.OperationGeneratePortalLink, Stall: portaltest.BeforeAnswer})
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	left := make(chan error, 1)
	go func() {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.site+"/configure/sso", http.NoBody)
		if err != nil {
			left <- err
			return
		}
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		resp, err := b.Do(req)
		if err == nil {
			resp.Body.Close()
		}
		left <- err
	}()
	eventually(t, "the request under way", func() bool {
		return strings.Contains(b.page(t, "/settings").text, "under way") && len(w.sandbox.Requests()) > 0
	})
	leave()
	if err := <-left; err == nil {
		t.Error("the click was answered, want it to be left")
	}
	eventually(t, "the end of it", func() bool {
		return strings.Contains(b.page(t, "/settings").text, "had left before there was an answer")
	})
}

// 500 clicks at once on a budget of 100 a minute: everyone gets a link, or a page
// that says when to try again.
func TestCrowd(t *testing.T) {
	const clicks, budget = 500, 100
	w := newWorld(t)
	b := w.visitor(t)
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		links = map[string]bool{}
		later int
	)
	for range clicks {
		wg.Go(func() {
			got := b.click(t, "sso")
			mu.Lock()
			defer mu.Unlock()
			switch got.StatusCode {
			case http.StatusSeeOther:
				links[got.Header.Get("Location")] = true
			case http.StatusServiceUnavailable, http.StatusGatewayTimeout: // the latter on a busy machine
				later++
				if !strings.Contains(got.text, "try again in ") || !strings.Contains(got.text, `href="`+w.site+`/settings"`) {
					t.Errorf("page does not say when, or not where:\n%s", got.text)
				}
			default:
				t.Errorf("answer = %d %s", got.StatusCode, got.text)
			}
		})
	}
	wg.Wait()
	if len(links) > budget || len(links) == 0 || len(links)+later != clicks {
		t.Errorf("%d links and %d to come later of %d clicks, want at most %d links and everyone answered", len(links), later, clicks, budget)
	}
	b.page(t, "/settings")
}

// eventually looks at what goes on in other goroutines until it has come about.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s does not come", what)
		}
	}
}
