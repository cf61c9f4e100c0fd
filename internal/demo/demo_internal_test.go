package demo

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestSessionsAreBounded(t *testing.T) {
	s := sessions{cookie: "c", open: map[string]*session{}}
	request := func(cookies []*http.Cookie) *http.Request {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		for _, c := range cookies {
			r.AddCookie(c)
		}
		return r
	}
	begin := func() []*http.Cookie {
		w := httptest.NewRecorder()
		s.start(w, request(nil), Organization{})
		return w.Result().Cookies()
	}
	first, second := begin(), begin()
	for _, one := range s.open {
		one.used = time.Now().Add(-time.Hour)
	}
	s.find(request(first)) // and so it is the second that was away longest
	for range maxSessions - 1 {
		begin()
	}
	if len(s.open) != maxSessions {
		t.Errorf("%d sessions are kept, want %d", len(s.open), maxSessions)
	}
	if _, ok := s.find(request(first)); !ok {
		t.Error("a session in use has ended")
	}
	if _, ok := s.find(request(second)); ok {
		t.Error("the session that was away longest is still there")
	}
}

func TestQuotedIsOneWordOfAShell(t *testing.T) {
	s := sent{"https://api.example/portal_links", `{"name":"it's"}`}
	if got, want := s.curl(), `-d '{
    "name": "it'\''s"
  }'`; !strings.HasSuffix(got, want) {
		t.Errorf("curl = %s, want it to end with %s", got, want)
	}
	s.body = "no JSON"
	if got := s.curl(); !strings.HasSuffix(got, "-d 'no JSON'") {
		t.Errorf("curl = %s, want the body as it is", got)
	}
}

func TestInWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second:                   "none, it has expired",
		0:                              "none, it has expired",
		999 * time.Millisecond:         "none, it has expired",
		time.Second:                    "1 s",
		59 * time.Second:               "59 s",
		time.Minute:                    "1 min 0 s",
		9*time.Minute + 58*time.Second: "9 min 58 s",
	} {
		if got := inWords(d); got != want {
			t.Errorf("inWords(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestRound(t *testing.T) {
	for d, want := range map[time.Duration]string{
		371 * time.Nanosecond:         "371ns",
		522_234 * time.Nanosecond:     "522µs",
		4_802_484 * time.Nanosecond:   "4.8ms",
		172_604_639 * time.Nanosecond: "173ms",
		1_234_567 * time.Microsecond:  "1.23s",
	} {
		if got := round(d).String(); got != want {
			t.Errorf("round(%d ns) = %s, want %s", d, got, want)
		}
	}
}

// An address in an icon list is not a way to add to the policy.
func TestPolicyTakesOnlyOrigins(t *testing.T) {
	d := &Demo{Config: Config{BaseURL: "https://api.workos.com"}}
	got := d.policy(`<img src="https://cdn.example/a.svg"><source srcset="https://cdn.example/b.svg"><img src="https://evil.example;script-src/x"><img src="/icon.svg"><img src="https://[::1]:80/c.svg">`)
	if want := "img-src 'self' https://cdn.example https://[::1]:80; form-action 'self' https:;"; !strings.Contains(got, want) {
		t.Errorf("policy = %s, want %s", got, want)
	}
}

// The log is a slog.Handler like any other: what With adds is there.
func TestLines(t *testing.T) {
	var out strings.Builder
	c := new(click)
	log := slog.New(newLines(&out)).With("a", 1).WithGroup("g").With("b", 2)
	log.InfoContext(withClick(t.Context(), c), "hello\nthere", "c", 3)
	log.Debug("hidden")
	log.Warn("not of a click")
	if got := out.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, `level=INFO msg="hello\nthere" a=1 g.b=2 g.c=3`+"\n") {
		t.Errorf("log = %q", got)
	}
	if len(c.lines) != 1 || !strings.HasSuffix(c.lines[0], "g.c=3") {
		t.Errorf("the click has %q, want its own line", c.lines)
	}
	if _, err := time.Parse("time="+time.TimeOnly, out.String()[:13]); err != nil {
		t.Errorf("log begins with %q, want the time of day", out.String()[:13])
	}
}
