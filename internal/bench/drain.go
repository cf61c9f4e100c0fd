package main

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/adminportal-go/adminportal/internal/chart"
)

// measureDraining has ten goroutines make a hundred calls on a service that takes
// twenty a second and says so.
func measureDraining(r *report, _ int) error {
	const (
		calls, goroutines = 100, 10
		limit, window     = 20, time.Second
		ideal             = (calls/limit - 1) * window // the last twenty leave as their second begins
	)
	s := section{
		title: "A rate limit",
		remark: fmt.Sprintf("%d calls from %d goroutines on a server that takes %d a second and says so in X-RateLimit headers and Retry-After. The ideal is %s. "+
			"By hand and resty retry nothing unless told; resty was told to, after as long as the server asks for.", calls, goroutines, limit, seconds(ideal)),
		columns: []string{"", "refused", "calls failed", "took"},
	}
	bars := chart.Chart{Title: fmt.Sprintf("Requests refused while %d calls drain at %d a second", calls, limit)}
	for _, w := range []way{
		ways[0],
		{name: "hashicorp/go-retryablehttp", open: retryable},
		{name: "go-resty/resty v2, told to retry", open: restyCall(true)},
		{name: "adminportal", ours: true, open: ours()},
	} {
		service := &limited{limit: limit, window: window, body: linkBody()}
		srv := newLoopback(service.ServeHTTP)
		c, err := w.open(nil, srv.URL)
		if err != nil {
			return err
		}
		var failed atomic.Int64
		start := time.Now()
		fromMany(goroutines, calls, func() {
			if _, err := c(background); err != nil {
				failed.Add(1)
			}
		})
		took := time.Since(start)
		refused := service.refused
		srv.CloseClientConnections()
		srv.Close()
		s.rows = append(s.rows, []string{w.name, fmt.Sprint(refused), fmt.Sprint(failed.Load()), seconds(took)})
		bars.Bars = append(bars.Bars, chart.Bar{Name: w.name, Figure: fmt.Sprint(refused), Length: float64(refused), Ours: w.ours})
		if w.ours {
			r.atMost("requests refused while 100 calls drain at 20 a second", "%.0f", 3, float64(refused))
			r.atMost("calls failed meanwhile", "%.0f", 0, float64(failed.Load()))
			r.atMost("seconds over the ideal", "%.2f", 1, (took - ideal).Seconds())
		}
	}
	s.charts = []chart.Chart{bars}
	r.add(s)
	return nil
}

// limited is a service with a budget for each window. Windows follow one another
// from the first request on, whether anybody asks or not.
type limited struct {
	limit  int
	window time.Duration
	body   string

	mu            sync.Mutex
	first         time.Time
	number        int64 // of the window
	used, refused int
}

func (l *limited) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	left, until := l.take(time.Now())
	seconds := strconv.Itoa(int((until + time.Second - 1) / time.Second))
	h := w.Header()
	h.Set("Content-Type", jsonType)
	h.Set("X-RateLimit-Limit", strconv.Itoa(l.limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(max(left, 0)))
	h.Set("X-RateLimit-Reset", seconds)
	if left < 0 {
		h.Set("Retry-After", seconds)
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = io.WriteString(w, refusal)
		return
	}
	_, _ = io.WriteString(w, l.body)
}

// take uses one of the budget. Of what is left less than nothing is a refusal.
func (l *limited) take(now time.Time) (left int, until time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.first.IsZero() {
		l.first = now
	}
	since := now.Sub(l.first)
	if number := int64(since / l.window); number != l.number {
		l.number, l.used = number, 0
	}
	until = time.Duration(l.number+1)*l.window - since
	if l.used == l.limit {
		l.refused++
		return -1, until
	}
	l.used++
	return l.limit - l.used, until
}
