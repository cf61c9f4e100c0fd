package client_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// printed is v in every way that a program is likely to print it: by itself, in
// the structures people log, as a log value, as JSON.
func printed(v any) map[string]string {
	out := map[string]string{}
	type holder struct{ Held any }
	for shape, x := range map[string]any{
		"": v, "slice of ": []any{v}, "map of ": map[string]any{"k": v}, "struct of ": holder{v}, "pointer to struct of ": &holder{v}, "array of ": [1]any{v},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X"} {
			text := fmt.Sprintf(verb, x)
			out[shape+verb] = text
			if strings.EqualFold(verb, "%x") {
				for _, secret := range secrets { // what %x spells, spelled back
					text = strings.ReplaceAll(strings.ToLower(text), fmt.Sprintf("%x", secret), secret)
				}
				out[shape+verb] = text
			}
		}
		var text, doc bytes.Buffer
		options := &slog.HandlerOptions{Level: slog.LevelDebug}
		slog.New(slog.NewTextHandler(&text, options)).Info("m", "v", x, slog.Group("g", "v", x))
		slog.New(slog.NewJSONHandler(&doc, options)).Info("m", "v", x, slog.Group("g", "v", x))
		out[shape+"slog text"], out[shape+"slog JSON"] = text.String(), doc.String()
		b, err := json.Marshal(x)
		out[shape+"JSON"] = fmt.Sprint(string(b), err)
	}
	return out
}

var secrets = []string{testKey, testSecret, strings.TrimPrefix(testKey, "sk_")}

// wantNoSecret looks at v and, where it is an error, at all that it wraps.
func wantNoSecret(t testing.TB, name string, v any) {
	t.Helper()
	all := printed(v)
	for _, how := range slices.Sorted(maps.Keys(all)) {
		for _, secret := range secrets {
			if strings.Contains(all[how], secret) {
				t.Errorf("%s as %s shows %q: %.300s", name, how, secret, all[how])
				return
			}
		}
	}
	err, ok := v.(error)
	if !ok {
		return
	}
	if e, own := err.(*client.Error); own { // this link of the chain and no other
		wantNoSecret(t, name+": the struct", *e)
		wantNoSecret(t, name+": Hint()", e.Hint())
	}
	if next := errors.Unwrap(err); next != nil {
		wantNoSecret(t, fmt.Sprintf("%s → %T", name, next), next)
	}
	if list, many := err.(interface{ Unwrap() []error }); many {
		for _, next := range list.Unwrap() {
			wantNoSecret(t, fmt.Sprintf("%s → %T", name, next), next)
		}
	}
}

func TestClientKeepsTheKey(t *testing.T) {
	portal := newClient(t)
	wantNoSecret(t, "pointer", portal)
	wantNoSecret(t, "value", *portal)
	wantNoSecret(t, "unexported field", struct{ c client.Client }{*portal})
	wantNoSecret(t, "pointer in an unexported field", struct{ c *client.Client }{portal})
	wantNoSecret(t, "exported field", struct{ C client.Client }{*portal})
	wantNoSecret(t, "slice", []client.Client{*portal})
	if got, want := portal.String(), "adminportal client for https://api.workos.com"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}

func TestLinkKeepsItsSecret(t *testing.T) {
	made := generate(t, serve(t, func(w http.ResponseWriter, _ *http.Request) { sheetLink(w) }))
	links := map[string]*client.PortalLink{"made": made, "literal": {URL: testLink, ExpiresAt: time.Now().Add(time.Hour)}}
	for i, address := range []string{ // which url.Parse takes apart otherwise, or not at all
		"https://id.workos.com:port/launch?secret=" + testSecret, "://" + testSecret, "https://%zz?token=" + testSecret,
		testSecret, "https:" + testSecret, "https://" + testSecret + "@id.workos.com/", "https://id.workos.com/" + testSecret,
		"https://id.workos.com/#" + testSecret, "https://id.workos.com\x7f/?secret=" + testSecret, "//" + testKey + ":x@h/",
	} {
		links[fmt.Sprint("hostile ", i)] = &client.PortalLink{URL: address}
	}
	for name, link := range links {
		wantNoSecret(t, name, link)
		wantNoSecret(t, name+", value", *link)
		wantNoSecret(t, name+", slice", []client.PortalLink{*link})
		wantNoSecret(t, name+", map", map[string]client.PortalLink{"k": *link})
		wantNoSecret(t, name+", exported field", struct{ Link client.PortalLink }{*link})
		for _, verb := range []string{"%v", "%+v", "%#v"} { // %s follows the pointer, and nothing can be done
			if text := fmt.Sprintf(verb, struct{ link *client.PortalLink }{link}); strings.Contains(text, testSecret) {
				t.Errorf("%s, pointer in an unexported field, as %s: %s", name, verb, text)
			}
		}
		if b, err := json.Marshal(link); err == nil || !strings.Contains(err.Error(), "send link.URL") {
			t.Errorf("%s: json.Marshal = %s, %v, want an error that says to send link.URL", name, b, err)
		}
	}
	if made.URL != testLink {
		t.Errorf("URL = %q, want %q: the one way to it", made.URL, testLink)
	}
}

// echoes are bodies that repeat what a request or an earlier answer held, spelled
// as proxies and frameworks do.
func echoes(authorization string) map[string]string {
	asJSON := func(s string) string { b, _ := json.Marshal(s); return string(b) }
	escaped := func(s string) (out string) {
		for _, c := range []byte(s) {
			out += fmt.Sprintf(`\u%04X`, c)
		}
		return out
	}
	return map[string]string{
		"header":          `{"message":"bad header: Authorization: ` + authorization + `"}`,
		"key alone":       `{"error":"` + testKey + `","code":"` + testKey + `"}`,
		"key in words":    `{"message":"invalid key '` + testKey + `'!","errors":[{"field":"` + testKey + `","message":"` + testKey + `"}]}`,
		"glued to a word": `{"message":"xx` + testKey + `yy"}`,
		"JSON string":     asJSON("got " + authorization),
		"HTML":            "<html><pre>POST /portal_links\nAuthorization: " + authorization + "\n</pre><a href='" + testLink + "'>",
		"link":            `{"link":"` + testLink + `"}`,
		"link in words":   `{"message":"see ` + testLink + `, please","code":"` + testLink + `"}`,
		"live link":       `{"message":"https://setup.workos.com?token=` + testSecret + `"}`,
		"escaped slashes": `{"link":"https:\/\/setup.workos.com\/?token=` + testSecret + `"}`,
		"other parameter": `{"link":"https:\/\/setup.workos.com\/?t=` + testSecret + `"}`,
		"percent-encoded": `{"message":"/login?next=https%3A%2F%2Fid.workos.com%2Fportal%2Flaunch%3Fsecret%3D` + testSecret + `"}`,
		"HTML entities":   `<a href="/launch?a=1&amp;secret&#61;` + testSecret + `">`,
		"unicode escapes": `{"message":"launch?a=1\u0026secret\u003d` + testSecret + `"}`,
		"escaped key":     `{"message":"` + strings.ReplaceAll(authorization, "_", `\u005f`) + `","code":"` + escaped(testKey) + `"}`,
		"escaped foreign": `{"message":"` + escaped("sk_") + strings.TrimPrefix(testKey, "sk_") + `", "` + escaped("secret") + `":"` + testSecret + `"}`,
		"escaped link":    `{"link":"` + escaped(testLink) + `", "href":"https\u003a\u002f\u002fid.workos.com\u002f` + testSecret + `"}`,
		"broken escapes":  `{"message":"\u00\u0\u00zz\u005` + testKey + `\u00`,
		"relative link":   `{"message":"/portal/launch?secret=` + testSecret + `"}`,
		"secret alone":    `{"secret":"` + testSecret + `","token": "` + testSecret + `"}`,
		"across the cut":  strings.Repeat("x", 505) + testKey,
		"link at the cut": strings.Repeat("x", 480) + testLink,
	}
}

func TestErrorsDoNotEcho(t *testing.T) {
	for name := range echoes("") {
		t.Run(name, func(t *testing.T) {
			for _, code := range []int{200, 302, 401, 404, 500} {
				portal := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
					body := echoes(r.Header.Get("Authorization"))[name]
					w.Header().Set("X-Request-Id", "req "+r.Header.Get("Authorization")+" "+testLink)
					w.Header().Set("Location", testLink)
					w.Header().Set("Retry-After", testKey)
					if code == 200 { // a success that is none: the link comes in the wrong place
						body = strings.ReplaceAll(body, `"link"`, `"url"`)
					}
					reply(w, code, body)
				}, client.WithDialect(dialects[code%2]), client.WithRetry(client.RetryPolicy{MaxAttempts: 1}))
				_, err := portal.GeneratePortalLink(t.Context(), sso)
				asError(t, err)
				wantNoSecret(t, fmt.Sprint(code), err)
				if t.Failed() {
					return
				}
			}
		})
	}
}

// A success that is no link keeps nothing of what it is instead.
func TestMalformedLinksAreNotRepeated(t *testing.T) {
	for _, link := range []string{
		"http://id.workos.com/?secret=" + testSecret, "https://u:" + testSecret + "@id.workos.com/", testSecret,
		"https://id.workos.com:" + testSecret + "/", "https://id.workos.com/%zz" + testSecret, "javascript:" + testSecret,
	} {
		for _, field := range []string{"link", "expires_at", "object"} {
			for _, d := range dialects {
				body := map[string]any{"link": testLink, "expires_at": "2024-01-15T12:00:00Z", field: link}
				if field == "object" {
					body["link"] = []string{link}
				}
				e := once(t, d, func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, body) })
				wantOnly(t, e, client.ErrMalformedResponse)
				wantNoSecret(t, field+" "+link, e)
				if e.Body != "" {
					t.Errorf("%s %q: Body = %q, want nothing of a success", field, link, e.Body)
				}
			}
		}
	}
}

// A dumpError shows one thing and holds another.
type dumpError struct {
	text string
	Dump string
	err  error
}

func (e dumpError) Error() string { return e.text }
func (e dumpError) Unwrap() error { return e.err }

func TestTransportErrorsLoseTheRequest(t *testing.T) {
	for name, fail := range map[string]func(dump string) error{
		"in the text":          func(dump string) error { return errors.New(dump) },
		"wrapped":              func(dump string) error { return fmt.Errorf("tunnel: %w", errors.New(dump)) },
		"behind a clean text":  func(dump string) error { return dumpError{text: "tunnel failed", err: errors.New(dump)} },
		"in a field":           func(dump string) error { return dumpError{text: "tunnel failed", Dump: dump} },
		"in a pointer's field": func(dump string) error { return &dumpError{text: "tunnel failed", Dump: dump} },
		"joined":               func(dump string) error { return errors.Join(errors.New("a"), dumpError{text: "b", Dump: dump}) },
		"basic":                func(string) error { return errors.New("Basic " + base64.StdEncoding.EncodeToString([]byte("x"))) },
	} {
		portal := newClient(t, client.WithRetry(client.RetryPolicy{MaxAttempts: 1}), client.WithHTTPClient(&http.Client{
			Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				dump, err := httputil.DumpRequestOut(r.Clone(context.Background()), false)
				if err != nil {
					panic(err)
				}
				return nil, fail(string(dump))
			}),
		}))
		_, err := portal.GeneratePortalLink(t.Context(), sso)
		asError(t, err)
		wantNoSecret(t, name, err)
	}
}

// A key source may fail with the key that it had, and a limiter with what it was
// told.
func TestCallersErrorsLoseTheKey(t *testing.T) {
	cause := errors.New("vault is sealed")
	for name, err := range map[string]error{
		"text": fmt.Errorf("%w: had %s", cause, testKey), "field": errors.Join(cause, dumpError{text: "had one", Dump: testKey}), "quoted": fmt.Errorf("%w: had %q", cause, "Bearer "+testKey),
	} {
		for option, portal := range map[string]*client.Client{
			"source":  newClient(t, client.WithAPIKeySource(func(context.Context) (string, error) { return "", err })),
			"limiter": newClient(t, client.WithLimiter(limiterFunc(func(context.Context) error { return err }))),
		} {
			_, err := portal.GeneratePortalLink(t.Context(), sso)
			wantNoSecret(t, option+", "+name, err)
			if !errors.Is(err, cause) {
				t.Errorf("%s, %s: errors.Is(%v, cause) = false, want the cause to match still", option, name, err)
			}
		}
	}
}

type limiterFunc func(context.Context) error

func (f limiterFunc) Wait(ctx context.Context) error { return f(ctx) }

// What is logged and observed of failures and successes, at every level.
func TestObserverAndLogKeepSecrets(t *testing.T) {
	for _, d := range dialects {
		var log bytes.Buffer
		logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}))
		srv := httptest.NewServer(nil)
		var seen tally
		srv.Config.Handler = script(&seen, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Request-Id", r.Header.Get("Authorization"))
			reply(w, 503, echoes(r.Header.Get("Authorization"))["HTML"])
		}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Request-Id", testLink)
			sheetLink(w)
		})
		portal := newClient(t, client.WithBaseURL(srv.URL), client.WithDialect(d), client.WithLogger(logger), client.WithRetry(client.RetryPolicy{BaseDelay: -1}),
			client.WithObserver(func(_ context.Context, a client.Attempt) {
				wantNoSecret(t, "attempt", a)
				wantNoSecret(t, "attempt's error", a.Err)
			}))
		generate(t, portal)
		srv.Close()
		for _, secret := range secrets {
			if strings.Contains(log.String(), secret) {
				t.Errorf("%v: the log shows %q: %s", d, secret, &log)
			}
		}
		if got := strings.Count(log.String(), "\n"); got != 2 {
			t.Errorf("%v: %d lines logged, want one for each attempt", d, got)
		}
	}
}
