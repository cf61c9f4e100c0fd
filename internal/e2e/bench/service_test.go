package bench

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
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

// A service is a server on loopback that counts its connections and its refusals.
type service struct {
	*httptest.Server
	delay time.Duration // before each answer
	limit int           // requests a second; 0 for no limit

	connections atomic.Int64

	mu            sync.Mutex
	began         time.Time // when the current second began
	used, refused int
}

func (s *service) start(tb testing.TB) {
	tb.Helper()
	body := linkBody()
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		time.Sleep(s.delay)
		h := w.Header()
		h.Set("Content-Type", "application/json")
		if s.limit > 0 {
			left := s.take()
			h.Set("X-RateLimit-Limit", strconv.Itoa(s.limit))
			h.Set("X-RateLimit-Remaining", strconv.Itoa(max(left, 0)))
			h.Set("X-RateLimit-Reset", "1")
			if left < 0 {
				h.Set("Retry-After", "1")
				w.WriteHeader(http.StatusTooManyRequests)
				_, _ = io.WriteString(w, refusal)
				return
			}
		}
		_, _ = io.WriteString(w, body)
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.connections.Add(1)
		}
	}
	s.Start()
}

func (s *service) stop() {
	s.CloseClientConnections()
	s.Close()
}

// take uses one request of the current second's budget and returns how many are left: less than none for one that is refused.
func (s *service) take() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); now.Sub(s.began) >= time.Second {
		s.began, s.used = now, 0
	}
	if s.used == s.limit {
		s.refused++
		return -1
	}
	s.used++
	return s.limit - s.used
}
