package browser

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// A watch notes what a tab does.
type watch struct {
	mu   sync.Mutex
	news chan struct{} // has room for one: something below has changed

	loader cdp.LoaderID // of the page that is shown
	url    string       // of the page that is shown
	loads  int          // pages that were loaded whole

	painted, whole bool // the page that is shown
	held           int  // requests that wait for fetch.Disable

	requests   []request
	pages      map[network.RequestID]bool // requests for whole pages
	complaints []string
	html       []document
	foreign    bool            // others write the page: its finer points are theirs
	secrets    map[string]bool // of all links that were met
	logs       []func() string // what the programs behind the pages have printed
}

type request struct {
	method, url string
}

// A document is what a page was made of, as it came and as it then was.
type document struct{ url, text string }

// note runs where the tab's messages are read: it keeps what it is told, and asks
// nothing.
func (w *watch) note(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *page.EventFrameNavigated:
		if e.Frame.ParentID != "" {
			return
		}
		w.loader, w.url = e.Frame.LoaderID, e.Frame.URL
		w.painted, w.whole, w.held = false, false, 0
	case *page.EventLifecycleEvent:
		switch {
		case e.LoaderID != w.loader:
		case e.Name == "firstContentfulPaint":
			w.painted = true
		case e.Name == "load":
			w.whole = true
			w.loads++
		}
	case *fetch.EventRequestPaused:
		w.held++
	case *network.EventRequestWillBeSent:
		w.requests = append(w.requests, request{e.Request.Method, e.Request.URL})
		if e.Type == network.ResourceTypeDocument {
			if w.pages == nil {
				w.pages = map[network.RequestID]bool{}
			}
			w.pages[e.RequestID] = true
		}
		w.learn(e.Request.URL)
		if !staysHere(e.Request.URL) {
			w.complain("a request leaves loopback: %s %s", e.Request.Method, shown(e.Request.URL))
		}
	case *network.EventRequestWillBeSentExtraInfo:
		w.noteReferer(header(e.Headers, "Host"), header(e.Headers, "Referer"))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning || e.Type == runtime.ConsoleAPICalledTypeAssert {
			var words []string
			for _, a := range e.Args {
				words = append(words, string(a.Value)+a.Description)
			}
			w.complain("console.%s at %s: %s", e.Type, shown(w.url), strings.Join(words, " "))
		}
	case *runtime.EventExceptionThrown:
		w.complain("a script fails at %s: %s", shown(w.url), e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		// That a page came with a 4xx or 5xx is what the page itself says.
		isPage := e.Entry.Source == log.EntrySourceNetwork && w.pages[e.Entry.NetworkRequestID]
		if !isPage && (e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning) {
			w.complain("the browser complains at %s: %s: %s %s", shown(w.url), e.Entry.Source, e.Entry.Text, shown(e.Entry.URL))
		}
	case *audits.EventIssueAdded:
		if d := e.Issue.Details.ContentSecurityPolicyIssueDetails; d != nil {
			w.complain("the policy of %s is broken: %s forbids %s", shown(w.url), d.ViolatedDirective, shown(d.BlockedURL))
			return
		}
		if w.foreign && (e.Issue.Code == audits.InspectorIssueCodePerformanceIssue || e.Issue.Code == audits.InspectorIssueCodeGenericIssue) {
			return
		}
		w.complain("the browser finds an issue at %s: %s", shown(w.url), e.Issue.Code)
	default:
		return
	}
	select {
	case w.news <- struct{}{}:
	default: // it is known that there are some
	}
}

// noteReferer holds what a request tells of where it came from: another origin
// learns that origin at most, and nobody a link.
func (w *watch) noteReferer(host, referer string) {
	if referer == "" {
		return
	}
	from, err := url.Parse(referer)
	switch {
	case err != nil:
		w.complain("a Referer is no URL")
	case from.Query().Has("secret"):
		w.complain("a Referer gives the link away to %s", host)
	case from.Host != host && from.RequestURI() != "/":
		w.complain("a Referer tells %s more than the origin: %s", host, shown(referer))
	}
}

func (w *watch) complain(format string, args ...any) {
	w.complaints = append(w.complaints, fmt.Sprintf(format, args...))
}

// learn remembers the secret of a link.
func (w *watch) learn(address string) {
	u, err := url.Parse(address)
	if err != nil || u.Path != portalPath || u.Query().Get("secret") == "" {
		return
	}
	if w.secrets == nil {
		w.secrets = map[string]bool{}
	}
	w.secrets[u.Query().Get("secret")] = true
}

// portalPath is where the sandbox's links lead.
const portalPath = "/portal/launch"

func isPortal(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Path == portalPath
}

// staysHere says that what is asked for is on this machine, or in the page.
func staysHere(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "about", "data", "blob", "file":
		return true
	}
	ip := net.ParseIP(u.Hostname())
	return ip != nil && ip.IsLoopback()
}

// shown is an address in what a test prints: a link's is a secret.
func shown(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "an address that is none"
	}
	if u.Scheme == "data" {
		return "data:…"
	}
	u.RawQuery, u.User = "", nil
	return u.String()
}

var secretText = regexp.MustCompile(`secret=[^"&\s]*`)

// quiet is a text without the secrets of links.
func quiet(text string) string { return secretText.ReplaceAllString(text, "secret=…") }

func header(headers network.Headers, name string) string {
	for n, v := range headers {
		if strings.EqualFold(n, name) {
			s, _ := v.(string)
			return s
		}
	}
	return ""
}

// place is where the tab is, for what a test prints.
func (w *watch) place() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return shown(w.url)
}

// keep keeps the page as it is, and as it came.
func (b *tab) keep() {
	b.t.Helper()
	b.mu.Lock()
	id, address := network.RequestID(b.loader), b.url
	came := b.pages[id]
	b.mu.Unlock()
	if isPortal(address) {
		return
	}
	text := do(b, dom.GetOuterHTML, dom.GetOuterHTMLParams{ObjectID: b.document()}).OuterHTML
	if came {
		text += string(do(b, network.GetResponseBody, network.GetResponseBodyParams{RequestID: id}).Body)
	}
	b.mu.Lock()
	b.html = append(b.html, document{address, text})
	b.mu.Unlock()
}

// confess fails the test for what the tab did and must not: the rules that hold for
// every page.
func (b *tab) confess() {
	b.t.Helper()
	if b.ctx.Err() != nil || b.t.Skipped() {
		return
	}
	// What the browser had to say before this has arrived when it is answered.
	history := do(b, page.GetNavigationHistory, cdp.Empty{}).Entries
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.complaints {
		b.t.Error(c)
	}
	for secret := range b.secrets {
		for _, d := range b.html {
			if strings.Contains(d.text, secret) {
				b.t.Errorf("the HTML of %s has the link", shown(d.url))
			}
		}
		for _, h := range history {
			if strings.Contains(h.URL+h.Title, secret) && !isPortal(h.URL) {
				b.t.Errorf("the history has the link at %s", shown(h.URL))
			}
		}
		for _, text := range b.logs {
			if strings.Contains(text(), secret) {
				b.t.Error("a program prints the link")
			}
		}
	}
}

// asked counts the requests of a method for addresses that end so.
func (w *watch) asked(method, suffix string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, r := range w.requests {
		if u, err := url.Parse(r.url); err == nil && r.method == method && strings.HasSuffix(u.Path, suffix) {
			n++
		}
	}
	return n
}
