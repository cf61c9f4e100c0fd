package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// fakes are services that fail in one way each. Several repeat the key that they were sent, as some servers do.
var fakes = map[string]http.HandlerFunc{
	"unauthorized":  says(401, `{"error":"unauthorized","error_description":"no such key: $key","code":"unauthorized"}`),
	"forbidden":     says(403, `{"message":"Forbidden for $key"}`),
	"refusing":      says(422, `{"error":"invalid","error_description":"no $key\u001b[31m","code":"invalid"}`),
	"rate-limited":  says(429, `{"message":"Too many requests.","code":"rate_limit_exceeded"}`, "Retry-After", "3600"),
	"broken":        says(500, `{"message":"oops $key"}`, "Retry-After", "3600"), // so that nobody waits
	"html":          says(200, "<title>Log in to the Wi-Fi</title>", "Content-Type", "text/html"),
	"nothing-there": http.NotFound,
	"dead-link":     says(200, `{"object":"portal_link","link":"https://id.workos.com/portal/launch?secret=s3cr3t","expires_at":"2024-01-15T12:00:00.000Z"}`),
	"redirecting":   says(307, "", "Location", "https://elsewhere.invalid/"),
	"cutting":       func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	"silent": func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // so that a client that goes is noticed
		<-r.Context().Done()
	},
	"evil-icons": says(200, `{"object":"list","data":[{"id":"ok\tta","name":"Ok\u001b]0;owned\u0007ta\nB\u202e","icon_url":"https://icons.example/a.svg"},`+
		`{"id":"b","name":"B","icon_url":"https://icons.example/b.svg"}]}`),
	// What stands between, and says nothing of the key.
	"challenging": says(403, "<title>Just a moment...</title>", "Content-Type", "text/html"),
	"login-wall":  says(401, "<title>Just a moment...</title>", "Content-Type", "text/html"),
	// Forward proxies that let nobody through.
	"refusing-proxy": says(403, "denied\n", "Content-Type", "text/plain"),
	"login-proxy":    says(407, "", "Proxy-Authenticate", "Basic"),
	// Portals with one fault each.
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

// says is a service that always answers the same; $key is what it was sent as Authorization.
func says(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		answer(w, status, "%s", strings.ReplaceAll(body, "$key", r.Header.Get("Authorization")))
	}
}

func answer(w http.ResponseWriter, status int, format string, args ...any) {
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(status)
	fmt.Fprintf(w, format, args...)
}

// serve NAME starts a fake service and points WORKOS_BASE_URL and WORKOS_API_KEY at it. After it,
// arrived METHOD PATH BODY is the next request, which has our User-Agent and the key.
func serveFake(ts *testscript.TestScript, _ bool, args []string) {
	h, ok := fakes[args[0]]
	if !ok {
		ts.Fatalf("no fake %q", args[0])
	}
	heard := make(chan string, 100)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		what := strings.TrimSpace(r.Method + " " + r.URL.Path + " " + string(body))
		key := "Bearer " + scriptKey
		if r.URL.Path == "/" { // asked for its Date alone
			key = ""
		}
		if !strings.HasPrefix(r.UserAgent(), "adminportal-cli/") || r.Header.Get("Authorization") != key {
			what += " as " + r.UserAgent() + ", or without the key"
		}
		select {
		case heard <- what:
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
