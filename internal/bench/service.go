package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"
)

const (
	refusal  = `{"error":"rate_limited","error_description":"Too many requests","code":"rate_limit_exceeded"}`
	sandbox  = "https://api.example.com" // where memory answers; nobody resolves it
	jsonType = "application/json"
)

// linkBody is what the service sends for a link.
func linkBody() string {
	return fmt.Sprintf(`{"object":"portal_link","link":"https://id.workos.com/portal/launch?secret=s3cr3t0fTheLink","expires_at":%q}`,
		time.Now().Add(10*time.Minute).UTC().Format("2006-01-02T15:04:05.000Z"))
}

// memory is a service without a network: what is left is the callers' own cost. Like
// a real transport it reads the request's body and makes every answer anew.
type memory struct {
	date, reset, link string
	silent            bool          // says nothing of a rate limit
	refuseOdd         *atomic.Int64 // counts requests and refuses every other one; nil refuses none
}

func newMemory() *memory {
	now := time.Now()
	return &memory{
		date:  now.UTC().Format(http.TimeFormat),
		reset: "60",
		link:  linkBody(),
	}
}

func (m *memory) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			return nil, err
		}
		_ = req.Body.Close()
	}
	status, text, body := http.StatusOK, "200 OK", m.link
	if m.refuseOdd != nil && m.refuseOdd.Add(1)%2 == 1 {
		status, text, body = http.StatusTooManyRequests, "429 Too Many Requests", refusal
	}
	header := make(http.Header, 8)
	values := []string{jsonType, m.date, "100000000", "99999999", m.reset}
	header["Content-Type"] = values[0:1:1]
	header["Date"] = values[1:2:2]
	if !m.silent {
		header["X-Ratelimit-Limit"] = values[2:3:3]
		header["X-Ratelimit-Remaining"] = values[3:4:4]
		header["X-Ratelimit-Reset"] = values[4:5:5]
	}
	return &http.Response{
		Status: text, StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}, nil
}

// loopback is a service on a socket that counts its connections.
type loopback struct {
	*httptest.Server
	connections atomic.Int64
}

func newLoopback(answer http.HandlerFunc) *loopback {
	l := &loopback{Server: httptest.NewUnstartedServer(answer)}
	l.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			l.connections.Add(1)
		}
	}
	l.Start()
	return l
}

// generous answers every request and says that much is left.
func generous() http.HandlerFunc {
	body := linkBody()
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		h := w.Header()
		h.Set("Content-Type", jsonType)
		h.Set("X-RateLimit-Limit", "100000000")
		h.Set("X-RateLimit-Remaining", "99999999")
		h.Set("X-RateLimit-Reset", "60")
		_, _ = io.WriteString(w, body)
	}
}

// distant takes that long to answer, as a server does that is not in the same room.
func distant(d time.Duration, answer http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(d)
		answer(w, r)
	}
}
