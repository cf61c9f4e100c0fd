package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/adminportal-go/adminportal/internal/chart"
)

var (
	background    = context.Background()
	errNotRefused = errors.New("got a link, want a refusal")
)

// measureConnections counts what 10,000 calls from 64 goroutines open, every way
// with its own transport.
func measureConnections(r *report, _ int) error {
	const calls, goroutines, most = 10_000, 64, 70
	s := section{
		title:   "Connections",
		remark:  fmt.Sprintf("%d calls from %d goroutines to a server on loopback that takes a millisecond, every way's own transport.", calls, goroutines),
		columns: []string{"", "connections", "failed", "took"},
	}
	bars := chart.Chart{Title: fmt.Sprintf("Connections that %d calls from %d goroutines open", calls, goroutines)}
	for _, w := range ways {
		if w.key == "hand-no-timeout" {
			continue // its transport is by hand's
		}
		srv := newLoopback(distant(time.Millisecond, generous()))
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
		opened := srv.connections.Load()
		srv.CloseClientConnections()
		srv.Close()
		s.rows = append(s.rows, []string{w.name, fmt.Sprint(opened), fmt.Sprint(failed.Load()), seconds(took)})
		bars.Bars = append(bars.Bars, chart.Bar{Name: w.name, Figure: fmt.Sprint(opened), Length: float64(opened), Ours: w.ours})
		if w.ours {
			r.atMost("connections of 10,000 calls from 64 goroutines", "%.0f", most, float64(opened))
		}
	}
	s.charts = []chart.Chart{bars}
	r.add(s)
	return nil
}

// fromMany has that many goroutines make the calls between them.
func fromMany(goroutines, calls int, do func()) {
	var (
		wg   sync.WaitGroup
		left atomic.Int64
	)
	left.Store(int64(calls))
	for range goroutines {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				do()
			}
		})
	}
	wg.Wait()
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
