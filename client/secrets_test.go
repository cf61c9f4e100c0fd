package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httputil"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// printed is v in every way in which programs are likely to print it: alone and in the structures
// that people log, with fmt, slog and JSON.
func printed(v any) map[string]string {
	out := map[string]string{}
	type holder struct{ Held any }
	for shape, x := range map[string]any{
		"": v, "slice of ": []any{v}, "map of ": map[string]any{"k": v}, "struct of ": holder{v}, "pointer to struct of ": &holder{v}, "array of ": [1]any{v},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X"} {
			out[shape+verb] = fmt.Sprintf(verb, x)
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

var secrets = []string{testKey, testSecret, strings.TrimPrefix(testKey, "sk_test_")}

// wantNoSecret looks at v and, where it is an error, at all that it wraps.
func wantNoSecret(t testing.TB, name string, v any) {
	t.Helper()
	all := printed(v)
	for _, how := range slices.Sorted(maps.Keys(all)) {
		for _, secret := range secrets {
			if strings.Contains(all[how], secret) || strings.Contains(strings.ToLower(all[how]), fmt.Sprintf("%x", secret)) {
				t.Errorf("%s as %s shows %q: %.300s", name, how, secret, all[how])
				return
			}
		}
	}
	err, ok := v.(error)
	if !ok {
		return
	}
	if e, own := err.(*client.Error); own { // this error of the chain, not one further down
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
	for _, v := range []any{portal, *portal, struct{ c client.Client }{*portal}, struct{ c *client.Client }{portal}, struct{ C client.Client }{*portal}} {
		wantNoSecret(t, fmt.Sprintf("%T", v), v)
	}
}

func TestLinkKeepsItsSecret(t *testing.T) {
	made := generate(t, serve(t, succeed))
	links := map[string]*client.PortalLink{"made": made, "literal": {URL: testLink, ExpiresAt: time.Now().Add(time.Hour)}}
	for i, address := range []string{ // url.Parse reads these differently, or not at all
		"https://id.workos.com:port/launch?secret=" + testSecret, "://" + testSecret, "https://%zz?token=" + testSecret,
		testSecret, "https:" + testSecret, "https://" + testSecret + "@id.workos.com/", "https://id.workos.com/" + testSecret,
		"https://id.workos.com/#" + testSecret, "https://id.workos.com\x7f/?secret=" + testSecret, "//" + testKey + ":x@h/",
	} {
		links[fmt.Sprint("hostile ", i)] = &client.PortalLink{URL: address}
	}
	for name, link := range links {
		for _, v := range []any{link, *link, map[string]client.PortalLink{"k": *link}, map[client.PortalLink]int{*link: 0}, struct{ Link client.PortalLink }{*link}} {
			wantNoSecret(t, fmt.Sprintf("%s, %T", name, v), v)
		}
		for _, verb := range []string{"%v", "%+v", "%#v"} { // %s follows the pointer, which nothing prevents
			text := fmt.Sprintf(verb, struct{ link *client.PortalLink }{link})
			errorIf(t, strings.Contains(text, testSecret), "%s, pointer in an unexported field, as %s: %s", name, verb, text)
		}
		b, err := json.Marshal(link)
		errorIf(t, err == nil || !strings.Contains(err.Error(), "send link.URL"), "%s: json.Marshal = %s, %v, want an error that says to send link.URL", name, b, err)
	}
	errorIf(t, made.URL != testLink, "URL = %q, want %q", made.URL, testLink)
}

// echoes are bodies that repeat the key or a link, spelled as proxies and frameworks spell them.
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
		"HTML entities":   strings.NewReplacer("S", testSecret, "K", strings.TrimPrefix(testKey, "sk_")).Replace(`<a href="/launch?a&amp;secret&amp;#61;S">sk&lowbar;K secret&equals;S https&colon;&sol;&sol;h&sol;S &quot;token&quot;:&quot;S&quot; &#34;token&#34;:&#34;S&#34; token&#x3d;S token&#x3D;S`),
		"unicode escapes": `{"message":"launch?a=1\u0026secret\u003d` + testSecret + `"}`,
		"escaped key":     `{"message":"` + strings.ReplaceAll(authorization, "_", `\u005f`) + strings.ReplaceAll(authorization, "_", `\x5F`) + strings.ReplaceAll(authorization, "_", "%5f") + `","code":"` + escaped(testKey) + `"}`,
		"escaped foreign": `{"message":"` + escaped("sk_") + strings.TrimPrefix(testKey, "sk_") + `", "` + escaped("secret") + `":"` + testSecret + `"}`,
		"escaped link":    `{"link":"` + escaped(testLink) + `", "href":"https\u003a\u002f\u002fid.workos.com\u002f` + testSecret + `"}`,
		"broken escapes":  `{"message":"\u00\u0\u00zz\u005` + testKey + `\u00`,
		"relative link":   `{"message":"/portal/launch?secret=` + testSecret + `"}`,
		"secret alone":    `{"secret":"` + testSecret + `","token": "` + testSecret + `"}`,
		"as a user":       `{"message":"asked https://` + testSecret + `@id.workos.com/portal"}`,
		"encoded address": `{"message":"/login?next=https%3A%2F%2Fid.workos.com%2F` + testSecret + `"}`,
		"encoded name":    `{"message":"/login?next=%2Flaunch%3Fsecret%3D` + testSecret + ` %3Ftoken%3D` + testSecret + `"}`,
		"in brackets":     `{"token":"<` + testSecret + `>"}`,
		"in quotes":       `bad client secret: "token": "` + testSecret + `"`,
		"capitals":        `{"Secret":"` + testSecret + `","TOKEN": "` + testSecret + `"}`,
		"as names":        `{"errors":{"` + testLink + `":["a"],"https://id.workos.com/` + testSecret + `":["b"],"token":"` + testSecret + `"},"path":"https://id.workos.com/` + testSecret + `"}`,
		"at the start":    "secret=" + testSecret,
		"across the cut":  strings.Repeat("x", 505) + testKey,
		"link at the cut": strings.Repeat("x", 480) + testLink,
	}
}

func TestErrorsDoNotEcho(t *testing.T) {
	for name := range echoes("") {
		t.Run(name, func(t *testing.T) {
			for _, code := range []int{200, 302, 400, 401, 404, 500} {
				portal := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
					body := echoes(r.Header.Get("Authorization"))[name]
					w.Header().Set("X-Request-Id", "req "+r.Header.Get("Authorization")+" "+testLink)
					w.Header().Set("Location", testLink)
					w.Header().Set("Retry-After", testKey)
					if code == 200 { // the link comes in the wrong place
						body = strings.ReplaceAll(body, `"link"`, `"url"`)
					}
					reply(w, code, body)
				}, client.WithDialect(dialects[code%2]), oneTry)
				wantNoSecret(t, fmt.Sprint(code), asError(t, ask(t, portal, 0)))
				if t.Failed() {
					return
				}
			}
		})
	}
}

// A dumpError holds more than its text shows.
type dumpError struct {
	text string
	Dump string
	err  error
}

func (e dumpError) Error() string { return e.text }
func (e dumpError) Unwrap() error { return e.err }

// The error of a transport, a key source or a limiter may hold the request, with its key.
func TestErrorsOfOthersLoseTheKey(t *testing.T) {
	cause := errors.New("vault is sealed")
	for name, fail := range map[string]func(dump string) error{
		"the text":             func(dump string) error { return errors.New(dump) },
		"in the text":          func(dump string) error { return fmt.Errorf("%w: %s", cause, dump) },
		"quoted":               func(dump string) error { return fmt.Errorf("%w: had %q", cause, dump) },
		"wrapped":              func(dump string) error { return fmt.Errorf("tunnel: %w", errors.New(dump)) },
		"behind a clean text":  func(dump string) error { return dumpError{text: "tunnel failed", err: errors.New(dump)} },
		"in a field":           func(dump string) error { return dumpError{text: "tunnel failed", Dump: dump} },
		"in a pointer's field": func(dump string) error { return &dumpError{text: "tunnel failed", Dump: dump} },
		"joined":               func(dump string) error { return errors.Join(cause, dumpError{text: "b", Dump: dump}) },
	} {
		for option, others := range map[string]client.Option{
			"transport": over(roundTripper(func(r *http.Request) (*http.Response, error) {
				dump, err := httputil.DumpRequestOut(r.Clone(context.Background()), false)
				same(t, "DumpRequestOut's error", err, nil)
				return nil, fail(string(dump))
			})),
			"source":  source(func(context.Context) (string, error) { return "", fail("Bearer " + testKey) }),
			"limiter": client.WithLimiter(limiterFunc(func(context.Context) error { return fail("Bearer " + testKey) })),
		} {
			err := asError(t, ask(t, newClient(t, oneTry, others), 0))
			wantNoSecret(t, option+", "+name, err)
			errorIf(t, errors.Is(fail(""), cause) && !errors.Is(err, cause), "%s, %s: errors.Is(%v, cause) = false, want true", option, name, err)
		}
	}
}

// Neither a log at every level nor an observer gets a secret, from failures or successes.
func TestObserverAndLogKeepSecrets(t *testing.T) {
	for _, d := range dialects {
		var log bytes.Buffer
		logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}))
		portal, _ := scripted(t, steps{func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Request-Id", r.Header.Get("Authorization"))
			reply(w, 503, echoes(r.Header.Get("Authorization"))["HTML"])
		}, with(succeed, "X-Request-Id", testLink)}, client.WithDialect(d), client.WithLogger(logger), client.WithRetry(client.RetryPolicy{BaseDelay: -1}),
			client.WithObserver(func(ctx context.Context, a client.Attempt) {
				wantNoSecret(t, "observer's context", ctx)
				wantNoSecret(t, "attempt", a)
				wantNoSecret(t, "attempt's error", a.Err)
			}))
		generate(t, portal)
		for _, secret := range secrets {
			errorIf(t, strings.Contains(log.String(), secret), "%v: the log shows %q: %s", d, secret, &log)
		}
		same(t, "lines logged", strings.Count(log.String(), "\n"), 2)
	}
}
