package client_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// routesMissing are the ways a server says that it has no such route.
var routesMissing = map[string]func(http.ResponseWriter){
	"framework": func(w http.ResponseWriter) {
		w.WriteHeader(404)
		_, _ = io.WriteString(w, "Cannot POST /portal_links")
	},
	"message":       func(w http.ResponseWriter) { reply(w, 404, `{"message":"Not Found"}`) },
	"message, code": func(w http.ResponseWriter) { reply(w, 404, `{"message":"Not Found","code":"not_found"}`) },
	"HTML": func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(404)
		_, _ = io.WriteString(w, "<!doctype html><title>404</title>")
	},
	"nothing": func(w http.ResponseWriter) { w.WriteHeader(404) },
	"FastAPI": func(w http.ResponseWriter) { reply(w, 404, `{"detail":"Not Found"}`) },
	"framework, JSON": func(w http.ResponseWriter) {
		reply(w, 404, `{"message":"Cannot POST /organizations/portal_links","error":"Not Found","statusCode":404}`)
	},
}

// otherwiseMissing are statuses that say so too.
var otherwiseMissing = map[string]func(http.ResponseWriter){
	"405":             func(w http.ResponseWriter) { w.WriteHeader(405) },
	"410":             func(w http.ResponseWriter) { w.WriteHeader(410) },
	"501":             func(w http.ResponseWriter) { w.WriteHeader(501) },
	"AWS API Gateway": func(w http.ResponseWriter) { reply(w, 403, `{"message":"Missing Authentication Token"}`) },
}

func TestMissingRouteTeachesTheLiveDialect(t *testing.T) {
	all := maps.Clone(routesMissing)
	maps.Copy(all, otherwiseMissing)
	for name, missing := range all {
		t.Run(name, func(t *testing.T) {
			var seen tally
			portal := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if seen.note(r).path != livePath {
					missing(w)
					return
				}
				liveLink(w)
			}, client.WithRetry(client.RetryPolicy{MaxAttempts: 1}))
			for range 3 {
				generate(t, portal)
			}
			if sheet, live := seen.of(sheetPath), seen.of(livePath); sheet != 1 || live != 3 {
				t.Errorf("three calls made %d + %d requests, want 1 + 3", sheet, live)
			}
		})
	}
}

func TestFirstAnswerTeachesTheSheetsDialect(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		body   string
		want   error
	}{
		{"400", 400, `{"error":"invalid_request","error_description":"The 'organization' parameter is required","code":"invalid_request"}`, client.ErrInvalidRequest},
		{"404", 404, contractNotFound, client.ErrOrganizationNotFound},
		{"422", 422, `{"error":"invalid_request","error_description":"bad id","code":"invalid_request"}`, client.ErrInvalidRequest},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var seen tally
			portal := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if seen.note(r); seen.total() == 1 {
					reply(w, tt.status, tt.body)
					return
				}
				w.WriteHeader(404) // bare, and no reason to try the other route
			}, client.WithRetry(client.RetryPolicy{MaxAttempts: 1}))
			_, err := portal.GeneratePortalLink(t.Context(), sso)
			wantOnly(t, err, tt.want)
			_, err = portal.GeneratePortalLink(t.Context(), sso)
			wantOnly(t, err, nil)
			if seen.total() != 2 || seen.of(sheetPath) != 2 {
				t.Errorf("two calls made %d requests, %d of them to %s, want 2 and 2", seen.total(), seen.of(sheetPath), sheetPath)
			}
		})
	}
}

// Once the route is known to be there, a 404 that does not speak of the organization comes from
// what stands in front of the service. It is retried, and says so in the end.
func TestMissingRouteOfAKnownServiceIsAnIntermediarys(t *testing.T) {
	for name, missing := range routesMissing {
		for _, d := range dialects {
			if strings.HasPrefix(name, "framework") || name == "message" && d == client.DialectGenerateLink {
				continue // says that the route is gone, or is the live service's older word
			}
			t.Run(fmt.Sprintf("%s/%v", name, d), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var seen tally
					failures := 2
					portal := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
						if seen.note(r); seen.total() <= failures {
							missing(w)
							return
						}
						sheetLink(w)
					}, client.WithDialect(d))
					generate(t, portal)
					if seen.total() != 3 {
						t.Errorf("%d requests, want 3", seen.total())
					}
					failures = 1000
					_, err := portal.GeneratePortalLink(t.Context(), sso)
					wantOnly(t, err, nil)
					if e := asError(t, err); e.StatusCode != 404 || e.Attempts != 4 || !strings.Contains(e.Hint(), "proxy, gateway or firewall") {
						t.Errorf("got %v (%d attempts, hint %q), want a 404 after 4 that points at what stands between", err, e.Attempts, e.Hint())
					}
				})
			})
		}
	}
}

// A framework's own words say that a route which was known is gone. The other one is tried once.
func TestRouteThatIsGoneIsForgotten(t *testing.T) {
	var seen tally
	moved := false
	portal := serve(t, func(w http.ResponseWriter, r *http.Request) {
		s := seen.note(r)
		if moved == (s.path == livePath) {
			sheetLink(w)
			return
		}
		reply(w, 404, `{"message":"Cannot POST `+s.path+`","error":"Not Found","statusCode":404}`)
	})
	generate(t, portal)
	moved = true
	generate(t, portal)
	generate(t, portal)
	if sheet, live := seen.of(sheetPath), seen.of(livePath); sheet != 2 || live != 2 {
		t.Errorf("%d + %d requests, want 2 + 2: known, gone and found, known", sheet, live)
	}
}

func TestLiveErrorsTeachTheLiveDialect(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		body   string
		want   error
	}{
		{"400", 400, `{"message":"Could not find an organization with the id, bogus-id."}`, client.ErrOrganizationNotFound},
		{"404", 404, liveNotFound, client.ErrOrganizationNotFound},
		{"422", 422, `{"message":"Validation failed","errors":[{"field":"return_url","code":"bad"}]}`, client.ErrInvalidRequest},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var seen tally
			portal := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if seen.note(r).path != livePath {
					http.NotFound(w, r)
					return
				}
				reply(w, tt.status, tt.body)
			})
			for range 2 {
				_, err := portal.GeneratePortalLink(t.Context(), sso)
				wantOnly(t, err, tt.want)
			}
			if sheet, live := seen.of(sheetPath), seen.of(livePath); sheet != 1 || live != 2 {
				t.Errorf("two calls made %d + %d requests, want 1 + 2", sheet, live)
			}
		})
	}
}

func TestOrganizationNotFoundIsOneRequest(t *testing.T) {
	for _, tt := range []struct {
		name string
		body string
		opts []client.Option
	}{
		{"contract's error", contractNotFound, nil},
		{"other codes of the contract's error", `{"error":"not_found","error_description":"x","code":"organization_not_found"}`, nil},
		{"live error, live pinned", liveNotFound, []client.Option{client.WithDialect(client.DialectGenerateLink)}},
		{"the older word, live pinned", `{"message":"Not Found"}`, []client.Option{client.WithDialect(client.DialectGenerateLink)}},
		{"in words", `{"message":"No organization has that ID"}`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var seen tally
			portal := serve(t, func(w http.ResponseWriter, r *http.Request) { seen.note(r); reply(w, 404, tt.body) }, tt.opts...)
			_, err := portal.GeneratePortalLink(t.Context(), sso)
			wantOnly(t, err, client.ErrOrganizationNotFound)
			if seen.total() != 1 {
				t.Errorf("%d requests, want 1", seen.total())
			}
		})
	}
}

func TestBothRoutesMissing(t *testing.T) {
	var seen tally
	there := false
	portal := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if s := seen.note(r); there && s.path == "/v1"+sheetPath {
			sheetLink(w)
			return
		}
		http.NotFound(w, r)
	})
	base := strings.TrimPrefix(portal.String(), "adminportal client for ")
	for i := range 2 {
		_, err := portal.GeneratePortalLink(t.Context(), sso)
		wantOnly(t, err, nil)
		e := asError(t, err)
		if e.StatusCode != 404 || e.Attempts != 2 || !strings.Contains(err.Error(), base) || e.Hint() == "" {
			t.Errorf("got %v with %+v, want a 404 after 2 attempts that names %s, and a hint", err, e, base)
		}
		if seen.total() != 2*(i+1) {
			t.Errorf("%d requests after call %d, want each call to try both", seen.total(), i+1)
		}
	}
}

func TestProxiesTeachNothing(t *testing.T) {
	// Each stands in front of a live service for the first requests.
	for name, proxy := range map[string]func(http.ResponseWriter){
		"401": func(w http.ResponseWriter) {
			reply(w, 401, `{"error":"unauthorized","error_description":"x","code":"unauthorized"}`)
		},
		"403": func(w http.ResponseWriter) { w.WriteHeader(403) },
		"429": func(w http.ResponseWriter) { reply(w, 429, `{"error":"rate","error_description":"x","code":"y"}`) },
		"500": func(w http.ResponseWriter) { reply(w, 500, `{"error":"rate","error_description":"x","code":"y"}`) },
		"400 of a proxy": func(w http.ResponseWriter) {
			w.WriteHeader(400)
			_, _ = io.WriteString(w, "<h1>Bad Request</h1>")
		},
		"200 of a login page": func(w http.ResponseWriter) {
			w.WriteHeader(200)
			_, _ = io.WriteString(w, "<h1>Sign in to the network</h1>")
		},
		"302": func(w http.ResponseWriter) { w.Header().Set("Location", "https://login.example"); w.WriteHeader(302) },
	} {
		t.Run(name, func(t *testing.T) {
			var seen tally
			portal := serve(t, func(w http.ResponseWriter, r *http.Request) {
				seen.note(r)
				switch {
				case seen.total() == 1:
					proxy(w)
				case r.URL.Path == livePath:
					liveLink(w)
				default:
					http.NotFound(w, r)
				}
			}, client.WithRetry(client.RetryPolicy{MaxAttempts: 1}))
			if _, err := portal.GeneratePortalLink(t.Context(), sso); err == nil {
				t.Fatal("the proxy's answer was taken for a link")
			}
			generate(t, portal)
			if sheet, live := seen.of(sheetPath), seen.of(livePath); sheet != 2 || live != 1 {
				t.Errorf("%d + %d requests, want 2 + 1: the sheet's route must be tried again", sheet, live)
			}
		})
	}
}

// A 503 between the two dialects' routes is retried on the route that is being
// tried, and neither the second route nor the wait uses up the attempts.
func TestSecondRouteDoesNotCountAsAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen tally
		portal := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
			s := seen.note(r)
			switch {
			case s.path == sheetPath && seen.of(sheetPath) == 2:
				w.WriteHeader(404)
			case s.path == livePath && seen.of(livePath) == 2:
				liveLink(w)
			default:
				w.WriteHeader(503)
			}
		}, client.WithRetry(client.RetryPolicy{MaxAttempts: 3}))
		generate(t, portal)
		if got := seen.total(); got != 4 {
			t.Errorf("%d requests, want 4: 503, 404, 503, 201", got)
		}
	})
}

func TestColdStartProbesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen tally
		portal := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
			s := seen.note(r)
			time.Sleep(100 * time.Millisecond)
			if s.path != livePath {
				http.NotFound(w, r)
				return
			}
			liveLink(w)
		})
		start := time.Now()
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				if _, err := portal.GeneratePortalLink(t.Context(), sso); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if sheet, live := seen.of(sheetPath), seen.of(livePath); sheet != 1 || live != 64 {
			t.Errorf("%d + %d requests, want 1 + 64", sheet, live)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("took %v, want the 63 to go together once the first has learned", took)
		}
	})
}

// A service that teaches nothing must not make callers queue behind one another.
func TestColdStartInTroubleDoesNotSerialise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen tally
		portal := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
			seen.note(r)
			time.Sleep(time.Second)
			w.WriteHeader(401)
		})
		start := time.Now()
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				_, err := portal.GeneratePortalLink(t.Context(), sso)
				wantOnly(t, err, client.ErrUnauthorized)
			})
		}
		wg.Wait()
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("64 calls took %v, want one probe's second and one more", took)
		}
		if seen.total() != 64 {
			t.Errorf("%d requests, want 64", seen.total())
		}
	})
}

// One who waits for another's probe keeps its own deadline.
func TestWaitingForAProbeEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		portal := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(5 * time.Second)
			sheetLink(w)
		})
		go func() { _, _ = portal.GeneratePortalLink(t.Context(), sso) }()
		synctest.Wait()
		ctx, cancel := contextWithin(t, time.Second)
		defer cancel()
		start := time.Now()
		if _, err := portal.GeneratePortalLink(ctx, sso); !errors.Is(err, ctx.Err()) || time.Since(start) != time.Second {
			t.Errorf("got %v after %v, want the deadline's error after 1s", err, time.Since(start))
		}
		time.Sleep(10 * time.Second)
	})
}

func TestLiveOnlyRequestsGoToTheLiveRoute(t *testing.T) {
	req := sso
	req.Intent = client.IntentDomainVerification
	for name, tt := range map[string]struct {
		body string
		want error
	}{
		"about the organization": {liveNotFound, client.ErrOrganizationNotFound},
		"no such route":          {`{"message":"Not Found"}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var seen tally
			portal := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if seen.note(r).path == sheetPath {
					sheetLink(w)
					return
				}
				reply(w, 404, tt.body)
			})
			generate(t, portal) // the sheet's dialect is learned
			_, err := portal.GeneratePortalLink(t.Context(), req)
			wantOnly(t, err, tt.want)
			if sheet, live := seen.of(sheetPath), seen.of(livePath); sheet != 1 || live != 1 {
				t.Errorf("%d + %d requests, want 1 + 1", sheet, live)
			}
		})
	}
}

func TestDialectStrings(t *testing.T) {
	for d, want := range map[client.Dialect]string{
		client.DialectAuto: "auto", client.DialectPortalLinks: "portal_links", client.DialectGenerateLink: "generate_link", 9: "unknown dialect",
	} {
		if got := d.String(); got != want {
			t.Errorf("Dialect(%d).String() = %q, want %q", int(d), got, want)
		}
	}
}

// A 404 page that is larger than any answer of the service's is no answer of it.
func TestOversizedMissingRoute(t *testing.T) {
	var seen tally
	portal := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if seen.note(r).path != livePath {
			w.WriteHeader(404)
			_, _ = io.WriteString(w, strings.Repeat("<p>not found</p>", 1<<17))
			return
		}
		liveLink(w)
	})
	generate(t, portal)
	if sheet, live := seen.of(sheetPath), seen.of(livePath); sheet != 1 || live != 1 {
		t.Errorf("%d + %d requests, want 1 + 1", sheet, live)
	}
}
