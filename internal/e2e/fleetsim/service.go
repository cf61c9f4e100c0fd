package fleetsim

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A service is what counts: it allows limit requests in any span of window, or in
// every window of the clock, and says so in true headers.
type service struct {
	limit int
	fixed bool
	began time.Time
	ahead time.Duration // of its clock

	mu       sync.Mutex
	accepted []time.Time   // of the last window
	from, to time.Time     // what is measured, and so what follows:
	attempts int           // of ours
	refusals int           // of ours
	full     time.Duration // for how long accepted requests were in the last window
}

func newService(s Scenario, from, to time.Time) *service {
	srv := &service{
		limit: s.budget(), fixed: s.Fixed, began: time.Now(), from: from, to: to}
	if s.Skew {
		srv.ahead = -37 * time.Second
	}
	return srv
}

// take counts a request and tells what is left and until when.
func (s *service) take(ours bool) (ok bool, left int, reset time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	start := now.Add(-window + 1) // the youngest that is a whole window old has left
	if s.fixed {
		start = s.began.Add(now.Sub(s.began).Truncate(window))
	}
	old := 0
	for old < len(s.accepted) && s.accepted[old].Before(start) {
		old++
	}
	s.accepted = s.accepted[old:]
	ok = len(s.accepted) < s.limit
	if ok {
		s.accepted = append(s.accepted, now)
		s.full += overlap(now, now.Add(window), s.from, s.to)
	}
	if ours && !now.Before(s.from) && now.Before(s.to) {
		s.attempts++
		if !ok {
			s.refusals++
		}
	}
	if s.fixed {
		return ok, s.limit - len(s.accepted), start.Add(window).Sub(now)
	}
	return ok, s.limit - len(s.accepted), s.accepted[0].Add(window).Sub(now)
}

// answer is the response to a request that arrives now.
func (s *service) answer() *http.Response {
	ok, left, reset := s.take(true)
	seconds := strconv.Itoa(int((reset + time.Second - 1) / time.Second))
	resp := &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{},
	}
	body := `{"link":"https://setup.workos.com/?token=simulated"}`
	if !ok {
		resp.StatusCode = http.StatusTooManyRequests
		body = `{"message":"Too many requests"}`
		resp.Header.Set("Retry-After", seconds)
	}
	resp.Header.Set("Content-Type", "application/json")
	resp.Header.Set("Date", time.Now().Add(s.ahead).UTC().Format(http.TimeFormat))
	resp.Header.Set("X-RateLimit-Limit", strconv.Itoa(s.limit))
	resp.Header.Set("X-RateLimit-Remaining", strconv.Itoa(left))
	resp.Header.Set("X-RateLimit-Reset", seconds)
	resp.Body = io.NopCloser(strings.NewReader(body))
	resp.ContentLength = int64(len(body))
	return resp
}

// refused is how many of our attempts were.
func (s *service) refused() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return ratio(s.refusals, s.attempts)
}

// use is how much of the budget was used by what the last window held, on average
// over the time that is measured.
func (s *service) use() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return float64(s.full) / (float64(s.limit) * float64(s.to.Sub(s.from)))
}

func overlap(from, to, first, last time.Time) time.Duration {
	if from.Before(first) {
		from = first
	}
	if to.After(last) {
		to = last
	}
	return max(to.Sub(from), 0)
}
