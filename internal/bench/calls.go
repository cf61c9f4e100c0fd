package main

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/internal/chart"
)

// What an adminportal call may cost. The allocations and bytes are a little under what
// the vendor's own Go SDK was measured at.
const (
	maxRatio  = 1.15
	maxAllocs = 40
	maxBytes  = 3856
)

// measureCalls compares one call after the other: without a network, and over
// loopback with every way's own transport.
func measureCalls(r *report, rounds int) error {
	calls, err := opened(ways, newMemory(), sandbox)
	if err != nil {
		return err
	}
	found, err := compare(r, "memory", rounds, cpuTime, calls)
	if err != nil {
		return err
	}
	s := section{
		title: "A call without a network",
		remark: fmt.Sprintf("One goroutine, an answer from memory, so that only the caller's own cost is left. Medians of %d rounds in turns; time is %s. "+
			"The yardstick is by hand with a timeout for the call, as adminportal has.", rounds, timeUnit),
		columns: []string{"", "time", "ratio", "allocations", "bytes"},
	}
	bars := chart.Chart{Title: "A call without a network, by hand = 1"}
	for i, w := range ways {
		m, share := median(found[i]), against(found[i], found[0])
		s.rows = append(s.rows, cost(w.name, found[i], found[0]))
		bars.Bars = append(bars.Bars, chart.Bar{Name: w.name, Figure: times(share), Length: share, Ours: w.ours})
		if w.ours {
			r.atMost("a call without a network, against by hand", "%.2f×", maxRatio, share)
			r.atMost("allocations a call", "%.0f", maxAllocs, m.allocs)
			r.atMost("bytes a call", "%.0f", maxBytes, m.bytes)
		}
	}
	s.charts = []chart.Chart{bars}
	r.add(s)
	return overLoopback(r, rounds)
}

func overLoopback(r *report, rounds int) error {
	srv := newLoopback(generous())
	defer srv.Close()
	calls, err := opened(ways, nil, srv.URL)
	if err != nil {
		return err
	}
	found, err := compare(r, "loopback", rounds, wallTime, calls)
	if err != nil {
		return err
	}
	s := section{
		title:   "A call over loopback",
		remark:  fmt.Sprintf("One goroutine, a server in the same process, every way's own transport. Medians of %d rounds in turns, by the clock; the server's share of the allocations is in them.", rounds),
		columns: []string{"", "time", "ratio", "allocations", "bytes"},
	}
	for i, w := range ways {
		s.rows = append(s.rows, cost(w.name, found[i], found[0]))
	}
	r.add(s)
	return nil
}

func compare(r *report, transport string, rounds int, clock func() time.Duration, calls []call) ([][]sample, error) {
	var operations []func(int) error
	for _, c := range calls {
		operations = append(operations, repeat(c))
	}
	samples, err := inTurns(rounds, brisk, clock, operations...)
	if err != nil {
		return nil, err
	}
	for i, w := range ways {
		r.keep(fmt.Sprintf("Call/transport=%s/way=%s", transport, w.key), samples[i])
	}
	return samples, nil
}

// cost is a row of a table: what one way takes, and against the yardstick.
func cost(name string, samples, yardstick []sample) []string {
	m := median(samples)
	return []string{name, micros(m.time), times(against(samples, yardstick)), fmt.Sprintf("%.0f", m.allocs), fmt.Sprintf("%.0f", m.bytes)}
}

// measureFailedCall compares a call that is refused at first with the two calls that
// somebody would make by hand. The wait between them is set to nothing: it is the
// server's to ask for, and the same for both.
func measureFailedCall(r *report, rounds int) error {
	refusing := func() http.RoundTripper {
		m := newMemory()
		m.silent, m.refuseOdd = true, new(atomic.Int64)
		return m
	}
	twice := func(c call) func(int) error {
		return func(n int) error {
			for range n {
				if _, err := c(background); err == nil {
					return errNotRefused
				}
				if _, err := c(background); err != nil {
					return err
				}
			}
			return nil
		}
	}
	hand, err := byHand(callTimeout)(refusing(), sandbox)
	if err != nil {
		return err
	}
	untimed, err := byHand(0)(refusing(), sandbox)
	if err != nil {
		return err
	}
	own, err := ours(client.WithRetry(client.RetryPolicy{BaseDelay: -1}))(refusing(), sandbox)
	if err != nil {
		return err
	}
	samples, err := inTurns(rounds, brisk, cpuTime, twice(hand), twice(untimed), repeat(own))
	if err != nil {
		return err
	}
	s := section{
		title:   "A call that is refused once",
		remark:  "A 429, then a link; without a network, and without the wait that the server may ask for.",
		columns: []string{"", "time", "ratio", "allocations", "bytes"},
	}
	for i, name := range []string{"two calls by hand", "two calls by hand, no timeout", "one call of adminportal, retried"} {
		s.rows = append(s.rows, cost(name, samples[i], samples[0]))
	}
	r.add(s)
	r.keep("Refused/way=hand", samples[0])
	r.keep("Refused/way=hand-no-timeout", samples[1])
	r.keep("Refused/way=adminportal", samples[2])
	r.atMost("a call refused once, against two by hand", "%.2f×", 1, against(samples[2], samples[0]))
	return nil
}
