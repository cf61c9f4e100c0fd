package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// fakes are services that fail in one way each. Several repeat the key that they
// were sent, as some servers do.
var fakes = map[string]http.HandlerFunc{
	"unauthorized": func(w http.ResponseWriter, r *http.Request) {
		answer(w, 401, `{"error":"unauthorized","error_description":"no such key: %s","code":"unauthorized"}`, r.Header.Get("Authorization"))
	},
	"forbidden": func(w http.ResponseWriter, r *http.Request) {
		answer(w, 403, `{"message":"Forbidden for %s"}`, r.Header.Get("Authorization"))
	},
	"rate-limited": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "3600")
		answer(w, 429, `{"message":"Too many requests.","code":"rate_limit_exceeded"}`)
	},
	"rate-limited-for-seconds": func(w http.ResponseWriter, r *http.Request) {
		if seenBefore(r.Header.Get("Idempotency-Key")) {
			goodLink(w)
			return
		}
		w.Header().Set("Retry-After", "2")
		answer(w, 429, `{"message":"Too many requests.","code":"rate_limit_exceeded"}`)
	},
	"broken": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "3600") // so that nobody waits
		answer(w, 500, `{"message":"oops %s"}`, r.Header.Get("Authorization"))
	},
	"refusing": func(w http.ResponseWriter, r *http.Request) {
		answer(w, 422, `{"error":"invalid","error_description":"no %s\u001b[31m","code":"invalid"}`, r.Header.Get("Authorization"))
	},
	"html": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<title>Log in to the Wi-Fi</title>")
	},
	"nothing-there": func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) },
	"dead-link": func(w http.ResponseWriter, r *http.Request) {
		answer(w, 200, `{"object":"portal_link","link":"https://id.workos.com/portal/launch?secret=s3cr3t","expires_at":"2024-01-15T12:00:00.000Z"}`)
	},
	// A forward proxy that lets nobody through.
	"refusing-proxy": func(w http.ResponseWriter, r *http.Request) { http.Error(w, "denied", http.StatusForbidden) },
	"login-proxy": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Proxy-Authenticate", "Basic")
		w.WriteHeader(http.StatusProxyAuthRequired)
	},
	"redirecting": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://elsewhere.invalid/", http.StatusTemporaryRedirect)
	},
	"cutting": func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) },
	"silent": func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // so that a client that goes is noticed
		<-r.Context().Done()
	},
	"evil-icons": func(w http.ResponseWriter, r *http.Request) {
		answer(w, 200, `{"object":"list","data":[{"id":"ok\tta","name":"Ok\u001b]0;owned\u0007ta\nB\u202e","icon_url":"https://icons.example/a.svg"},{"id":"b","name":"B","icon_url":"https://icons.example/b.svg"}]}`)
	},
	// Portals that work, but for one thing.
	"strange-page": portal(0, func(w http.ResponseWriter) { io.WriteString(w, "<title>Log in to\n&amp; use the Wi-Fi</title>") }),
	"dead-page":    portal(0, func(w http.ResponseWriter) { w.WriteHeader(http.StatusGone) }),
	"cut-page":     portal(0, func(http.ResponseWriter) { panic(http.ErrAbortHandler) }),
	"fast-clock":   portal(time.Hour, adminPortalPage),
	"slow-clock":   portal(-time.Hour, adminPortalPage),
	"only-live": func(w http.ResponseWriter, r *http.Request) {
		switch r.Method + r.URL.Path {
		case "POST/portal_links":
			w.WriteHeader(http.StatusMethodNotAllowed)
		case "POST/portal/generate_link":
			answer(w, 422, `{"message":"Validation failed"}`)
		default:
			http.NotFound(w, r)
		}
	},
	"echo": func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		answer(w, 400, `{"error":"invalid_request","error_description":%q,"code":"invalid_request"}`, body)
	},
}

// portal makes links and lists an icon, by a clock that is off, and shows a page.
func portal(off time.Duration, page func(http.ResponseWriter)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
		body, _ := io.ReadAll(r.Body)
		switch {
		case r.URL.Path == "/page":
			page(w)
		case r.Method == http.MethodGet:
			answer(w, 200, `{"object":"list","data":[{"id":"okta","name":"Okta","icon_url":"https://icons.example/okta.svg"}]}`)
		case string(body) == "{}":
			answer(w, 400, `{"error":"invalid_request","error_description":"organization is missing","code":"invalid_request"}`)
		default:
			answer(w, 200, `{"object":"portal_link","link":"http://%s/page?secret=s3cr3t","expires_at":%q}`, r.Host, time.Now().Add(off+10*time.Minute).UTC().Format(time.RFC3339))
		}
	}
}

func adminPortalPage(w http.ResponseWriter) { io.WriteString(w, "<title>Admin Portal</title>") }

func answer(w http.ResponseWriter, status int, format string, args ...any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, format, args...)
}

func goodLink(w http.ResponseWriter) {
	answer(w, 200, `{"object":"portal_link","link":"https://id.workos.com/portal/launch?secret=s3cr3t","expires_at":%q}`,
		time.Now().Add(10*time.Minute).UTC().Format(time.RFC3339))
}

var seen sync.Map

func seenBefore(what string) bool {
	_, before := seen.LoadOrStore(what, true)
	return before
}

// serve NAME starts a fake service and points WORKOS_BASE_URL and WORKOS_API_KEY
// at it.
func serveFake(ts *testscript.TestScript, _ bool, args []string) {
	h, ok := fakes[args[0]]
	if !ok {
		ts.Fatalf("no fake %q", args[0])
	}
	heard := make(chan string, 100)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		select {
		case heard <- strings.TrimSpace(r.Method + " " + r.URL.Path + " " + string(body)):
		default:
		}
		h(w, r)
	}))
	ts.Defer(func() {
		srv.CloseClientConnections()
		srv.Close()
	})
	ts.SetCmd("arrived", func(ts *testscript.TestScript, _ bool, args []string) {
		select {
		case got := <-heard:
			if want := strings.Join(args, " "); got != want {
				ts.Fatalf("%s has arrived, want %s", got, want)
			}
		case <-time.After(20 * time.Second):
			ts.Fatalf("no request arrives")
		}
	})
	ts.Setenv("WORKOS_BASE_URL", srv.URL)
	ts.Setenv("WORKOS_API_KEY", scriptKey)
}
