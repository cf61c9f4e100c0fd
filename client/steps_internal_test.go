package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/gen"
)

// errorIf calls t.Errorf if something is wrong.
func errorIf(t testing.TB, wrong bool, format string, args ...any) {
	t.Helper()
	if wrong {
		t.Errorf(format, args...)
	}
}

// below is the step under the one that is tested. It answers the nth request with the nth status
// and body, given as "status body", and every later one with the last.
type below struct {
	answers []string
	sent    []http.Header
}

func (b *below) Do(req *http.Request) (*http.Response, error) {
	c := callOf(req)
	c.attempts++
	b.sent = append(b.sent, req.Header) // a request under way may not be changed
	status, body, _ := strings.Cut(b.answers[min(len(b.sent), len(b.answers))-1], " ")
	c.answer = answer{status: int(number(status)), header: http.Header{}, body: []byte(body), sent: time.Now(), received: time.Now()}
	if c.conclude(); c.failure != nil {
		return nil, c.failure
	}
	return &http.Response{StatusCode: c.answer.status, Body: http.NoBody}, nil
}

// through sends a request of one call through a step.
func through(t *testing.T, step gen.HttpRequestDoer, body string) (*call, error) {
	t.Helper()
	c := new(core).newCall(t.Context(), "test", newLearner(), &job{read: func(*call) error { return nil }})
	c.settled, c.origin = true, new(origin)
	req, err := http.NewRequestWithContext(c.Context, http.MethodPost, "https://api.workos.com/portal_links", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	_, err = step.Do(req)
	return c, err
}

func TestAuthorizeStep(t *testing.T) {
	for name, tt := range map[string]struct{ answers, keys []string }{
		"the key":                          {[]string{"200"}, []string{"sk_a"}},
		"another key after a 401":          {[]string{"401 {}", "200"}, []string{"sk_a", "sk_b"}},
		"only once":                        {[]string{"401 {}"}, []string{"sk_a", "sk_b"}},
		"not after an intermediary's 401":  {[]string{"401 <html>"}, []string{"sk_a"}},
		"not after another status, as 403": {[]string{"403 {}"}, []string{"sk_a"}},
	} {
		next, keys := &below{answers: tt.answers}, []string{"sk_a", "sk_b", "sk_c"}
		_, _ = through(t, &authorize{next: next, timeout: timeout{limit: forever}, source: func(context.Context) (string, error) {
			key := keys[0]
			keys = keys[1:]
			return key, nil
		}}, "")
		with := func(h http.Header, key string) bool { return h.Get("Authorization") == "Bearer "+key }
		if !slices.EqualFunc(next.sent, tt.keys, with) { // only now, since a later attempt must not change the request of an earlier one
			t.Errorf("%s: sent with %v, want %q", name, next.sent, tt.keys)
		}
	}
}

func TestRetryStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		policy := RetryPolicy{MaxAttempts: 3}.withDefaults()
		for answers, want := range map[string]int{"400 {}": 1, "404 {\"message\":\"no such organization\"}": 1, "503,200": 2, "503": 3} {
			next, start := &below{answers: strings.Split(answers, ",")}, time.Now()
			c, _ := through(t, &retry{next: next, policy: policy}, "")
			errorIf(t, c.attempts != want || time.Since(start) > 3*time.Second || time.Since(start) == 0 != (want == 1), "%s: %d attempts in %v, want %d, and no wait after the last", answers, c.attempts, time.Since(start), want)
		}
	})
}

// A fullLimiter refuses every attempt, and says how long the wait would have been.
type fullLimiter struct{}

func (l fullLimiter) Wait(context.Context) error { return l }
func (fullLimiter) Error() string                { return "full" }
func (fullLimiter) RetryAfter() time.Duration    { return 7 * time.Second }

func TestLimitStep(t *testing.T) {
	l := &limit{next: &below{answers: []string{"200"}}, gate: new(gate), maxWait: time.Minute, baseDelay: time.Second, limiter: fullLimiter{}}
	c, err := through(t, l, "")
	if e, ok := errors.AsType[*Error](err); !ok || !errors.Is(e, ErrRateLimited) || e.RetryAfter != 7*time.Second || c.attempts != 0 || l.gate.underway != 0 {
		t.Errorf("a full limiter: %v after %d attempts, %d under way, want ErrRateLimited with 7s after none", err, c.attempts, l.gate.underway)
	}
	l.limiter, l.next = nil, roundTripper(func(*http.Request) (*http.Response, error) { panic("a transport's mistake") })
	defer func() {
		errorIf(t, recover() == nil || l.gate.underway != 0, "%d under way after a panic, want it to reach the caller, and none", l.gate.underway)
	}()
	_, _ = through(t, l, "")
}

// A Warm that waited for another one looks again, and sends nothing: this core has no server.
func TestWarmLooksAgain(t *testing.T) {
	c := &core{settings: settings{pinned: DialectPortalLinks}, gate: gate{spoke: time.Now()}}
	if _, err := c.warm(t.Context()); err != nil {
		t.Errorf("warm() = %v, want nil", err)
	}
}

// A roundTripper is a function as a transport, or as a step.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
func (f roundTripper) Do(req *http.Request) (*http.Response, error)        { return f(req) }

// Every attempt of a call sends the whole body.
func TestAttemptStep(t *testing.T) {
	var bodies []string
	transport := roundTripper(func(req *http.Request) (*http.Response, error) {
		body, _ := io.ReadAll(req.Body)
		bodies = append(bodies, string(body))
		return &http.Response{StatusCode: 503, Header: http.Header{}, Body: http.NoBody}, nil
	})
	_, _ = through(t, &retry{next: &attempt{transport: transport, timeout: timeout{limit: forever}}, policy: RetryPolicy{MaxAttempts: 3, MaxWait: forever}}, "the whole body")
	if want := []string{"the whole body", "the whole body", "the whole body"}; !slices.Equal(bodies, want) {
		t.Errorf("sent the bodies %q, want %q", bodies, want)
	}
}

// A connection that fails at once says nothing of the others. One that is silent does.
func TestSilenceClosesIdleConnections(t *testing.T) {
	for cause, want := range map[error]int{context.DeadlineExceeded: 1, io.ErrUnexpectedEOF: 0} {
		closed := 0
		transport := roundTripper(func(*http.Request) (*http.Response, error) { return nil, cause })
		_, _ = through(t, &attempt{transport: transport, timeout: timeout{limit: forever}, closeIdle: func() { closed++ }}, "")
		errorIf(t, closed != want, "%v: idle connections were closed %d times, want %d", cause, closed, want)
	}
}

func TestSaysNoOrganization(t *testing.T) {
	for want, said := range map[bool]string{
		true: "could not find organization x|could not find an organization with the id, x|could not find the organization|did not find any organization|no such organization|" +
			"no organization with the ID|no organizations found|no organization exists|no organization matches|no organization for x|no organization org_1|unknown organization|not found: organization x|The organization doesn’t exist|Organisation: ID wasn't found|org_1 not found|organization x does not exist|organization could not be found|organization x can't be found|organization x is unknown|organization: not_found",
		false: "Organization org_1: return_url not found|No organization provided|Organization org_1 has unknown intent|organization org_1 has no role, not found|organization org_1; not found|organization org_1. Not found|organization org_1! Not found|organization org_1\nnot found|" +
			"could not find a connection for organization org_1|this API key does not exist in the organization|return_url not found among the organization's redirect URIs|the key may not administer this organization|organization has a domain that does not exist|organization x: return_url not found|org_1 intent not found|" +
			"org_1 connection not found|org_1 email not found|org_1 success_url not found|organization parameter not found|organization domain not found|organization role not found|organization field not found",
	} {
		for words := range strings.SplitSeq(said, "|") {
			errorIf(t, saysNoOrganization(words) != want, "saysNoOrganization(%q) = %v, want %v", words, !want, want)
		}
	}
}

func TestTransportKeepsTheProgramsHook(t *testing.T) {
	called := false
	standard := &http.Transport{OnProxyConnectResponse: func(context.Context, *url.URL, *http.Request, *http.Response) error { called = true; return nil }}
	if err := newTransport(standard).OnProxyConnectResponse(t.Context(), nil, nil, &http.Response{StatusCode: 407}); err != nil || !called {
		t.Errorf("the program's own hook was replaced (%v)", err)
	}
}

// A link's life is counted right where the host's clock is set meanwhile: time.Since goes by the
// monotonic reading, which Round, UTC or a trip through JSON would drop.
func TestLifeIsCountedOnTheMonotonicClock(t *testing.T) {
	transport := roundTripper(func(*http.Request) (*http.Response, error) {
		body := `{"link":"https://id.workos.com/portal/launch?secret=s","expires_at":"2100-01-01T00:00:00Z"}`
		return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(body))}, nil
	})
	c, _ := through(t, &attempt{transport: transport, timeout: timeout{limit: forever}}, "")
	c.origin = new(origin)
	if err := c.readLink(); err != nil || !strings.Contains(c.origin.counted.String(), " m=") {
		t.Errorf("life is counted from %v (%v), want a time with a monotonic reading", c.origin.counted, err)
	}
}
