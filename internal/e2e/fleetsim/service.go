package fleetsim

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A service allows limit requests in any span of window, or in every window of its
// clock, and says so in true headers.
type service struct {
	limit int
	fixed bool
	began time.Time
	ahead time.Duration // of its clock
	tally *tally

	mu                 sync.Mutex
	seen, accepted     []time.Time // of the last window
	attempts, refusals int         // of ours
	busiest            int         // in any window, with what was refused and what is not ours
	full               time.Duration
}

// take counts a request and tells what is left and until when.
func (s *service) take(ours bool) (ok bool, left int, reset time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	since := func(times []time.Time, start time.Time) []time.Time {
		for len(times) > 0 && times[0].Before(start) {
			times = times[1:]
		}
		return times
	}
	start := now.Add(-window + 1) // what is a whole window old has left
	s.seen = append(since(s.seen, start), now)
	if s.fixed {
		start = s.began.Add(now.Sub(s.began).Truncate(window))
	}
	s.accepted = since(s.accepted, start)
	ok = len(s.accepted) < s.limit
	if ok {
		s.accepted = append(s.accepted, now)
		until := now.Add(window)
		if until.After(s.tally.to) {
			until = s.tally.to
		}
		if now.Before(s.tally.from) {
			now = s.tally.from
		}
		s.full += max(until.Sub(now), 0)
	}
	if now := time.Now(); s.tally.counts(now) {
		s.busiest = max(s.busiest, len(s.seen))
		if ours {
			s.attempts++
			if !ok {
				s.refusals++
			}
		}
	}
	reset = time.Until(s.accepted[0].Add(window))
	if s.fixed {
		reset = time.Until(start.Add(window))
	}
	return ok, s.limit - len(s.accepted), reset
}

// answer is the response to a request that arrives now.
func (s *service) answer() *http.Response {
	ok, left, reset := s.take(true)
	seconds := strconv.Itoa(int((reset + time.Second - 1) / time.Second))
	resp := &http.Response{StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}}
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
