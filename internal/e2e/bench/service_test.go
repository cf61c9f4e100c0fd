package bench

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

const refusal = `{"message":"Too many requests.","code":"rate_limit_exceeded"}`

func linkBody() string {
	return fmt.Sprintf(`{"object":"portal_link","link":"https://id.workos.com/portal/launch?secret=s3cr3t","expires_at":%q}`,
		time.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05.000Z"))
}

// A memory is a transport that answers without a network, so that only the callers'
// own cost is measured. Like a real one it reads the request's body.
type memory struct {
	body      string
	date      string // as every server sends it
	refuseOdd bool   // answer every other request, from the first on, with 429
	requests  int
}

func newMemory(refuseOdd bool) *memory {
	return &memory{body: linkBody(), date: time.Now().UTC().Format(http.TimeFormat), refuseOdd: refuseOdd}
}

func (m *memory) RoundTrip(req *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, req.Body)
	_ = req.Body.Close()
	m.requests++
	resp, body := &http.Response{StatusCode: http.StatusOK, Request: req, Header: http.Header{"Content-Type": {"application/json"}, "Date": {m.date}}}, m.body
	switch {
	case !m.refuseOdd:
		resp.Header["X-Ratelimit-Limit"], resp.Header["X-Ratelimit-Remaining"] = []string{"100000000"}, []string{"99999999"}
		resp.Header["X-Ratelimit-Reset"] = []string{"60"}
	case m.requests%2 == 1:
		resp.StatusCode, body = http.StatusTooManyRequests, refusal
	}
	resp.Body, resp.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	return resp, nil
}

// A service is a server on loopback that counts its connections. With a rate limit it is a sandbox.
type service struct {
	*httptest.Server
	sandbox     *portaltest.Handler
	connections atomic.Int64
}

// newService starts one that takes delay for an answer, or so many requests a second.
func newService(delay time.Duration, limit int) *service {
	s := &service{sandbox: portaltest.NewHandler(
		portaltest.WithExamples(), portaltest.WithRateLimit(limit), portaltest.WithRateWindow(time.Second))}
	handler := http.Handler(s.sandbox)
	if limit == 0 { // a sandbox would take longer than the callers
		body := linkBody()
		handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			time.Sleep(delay)
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, body)
		})
	}
	s.Server = httptest.NewUnstartedServer(handler)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.connections.Add(1)
		}
	}
	s.Start()
	return s
}

// stop ends the service, and returns how many connections it had and how many requests it refused.
func (s *service) stop() (connections, refused int64) {
	s.CloseClientConnections()
	s.Close()
	for _, r := range s.sandbox.Requests() {
		if r.Status == http.StatusTooManyRequests {
			refused++
		}
	}
	return s.connections.Load(), refused
}
