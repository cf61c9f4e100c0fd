package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

var goroutineCounts = []int{1, 8, 64, 512}

// measureScale shows whether callers stand in one another's way: with how many of
// them the same processor time brings how many calls.
func measureScale(r *report, rounds int) error {
	rounds = max(rounds/2, 5)
	telling := newMemory()
	hand, err := byHand(callTimeout)(telling, sandbox)
	if err != nil {
		return err
	}
	open := func(m http.RoundTripper) (call, error) { return ours()(m, sandbox) }
	shared, err := open(telling)
	if err != nil {
		return err
	}
	var own []call // a client for each goroutine, and with it a gate
	for range goroutineCounts[len(goroutineCounts)-1] {
		c, err := open(telling)
		if err != nil {
			return err
		}
		own = append(own, c)
	}
	catalog := client.NewIconCatalog(newSource())
	lookup := func(ctx context.Context) (string, error) {
		icon, _, err := catalog.Lookup(ctx, "okta")
		return icon.ID, err
	}

	s := section{
		title: "Many goroutines",
		remark: fmt.Sprintf("Calls in a second of %s, without a network: what one processor does when it does nothing else. Medians of %d rounds in turns. "+
			"One client for all has one gate for all, and headers that say that much is left; with a client each nobody shares a gate.", timeUnit, rounds),
		columns: []string{"", "1", "8", "64", "512", "512 against 8"},
	}
	of, err := scale(r, &s, "Scale", rounds, pace{400 * time.Millisecond, 4}, []kind{
		{"net/http by hand", "hand", func(int) call { return hand }},
		{"adminportal, one client for all", "adminportal", func(int) call { return shared }},
		{"adminportal, a client each", "own", func(i int) call { return own[i] }},
		{"a warm lookup in the catalog", "catalog", func(int) call { return lookup }},
	})
	if err != nil {
		return err
	}
	r.add(s)
	// What takes more time brings less in the same time.
	r.atLeast("throughput a processor at 512 goroutines, against 8", 1, against(of["adminportal"][1], of["adminportal"][3]))
	r.atLeast("throughput of one gate for 512 goroutines, against a gate each", 0.97, against(of["own"][3], of["adminportal"][3]))
	return scaleOverLoopback(r, rounds)
}

// scaleOverLoopback is what a service has: sockets, and every default on.
func scaleOverLoopback(r *report, rounds int) error {
	srv := newLoopback(generous())
	defer srv.Close()
	own, err := ours()(nil, srv.URL)
	if err != nil {
		return err
	}
	// The standard transport would open a connection for nearly every call, and run
	// out of ports.
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:errcheck,forcetypeassert // it is one
	transport.MaxConnsPerHost, transport.MaxIdleConnsPerHost = 64, 64
	hand, err := byHand(callTimeout)(transport, srv.URL)
	if err != nil {
		return err
	}
	s := section{
		title: "Many goroutines over loopback",
		remark: fmt.Sprintf("Calls in a second of %s, the server's share in it. Medians of %d rounds in turns. "+
			"By hand with a transport that keeps 64 connections, as adminportal's does.", timeUnit, rounds),
		columns: []string{"", "1", "8", "64", "512", "512 against 8"},
	}
	of, err := scale(r, &s, "ScaleLoopback", rounds, pace{800 * time.Millisecond, 2}, []kind{
		{"net/http by hand", "hand", func(int) call { return hand }},
		{"adminportal", "adminportal", func(int) call { return own }},
	})
	if err != nil {
		return err
	}
	r.add(s)
	// Here all lose, to the sockets.
	r.atLeast("throughput over loopback at 512 goroutines, against by hand", 0.97, against(of["hand"][3], of["adminportal"][3]))
	return nil
}

type kind struct {
	name, key string
	of        func(i int) call // what the goroutine i calls
}

// scale measures each kind with each number of goroutines, in turns, and adds its
// rows. A turn must be long enough for every goroutine to have several calls in it.
func scale(r *report, s *section, benchmark string, rounds int, p pace, kinds []kind) (map[string][][]sample, error) {
	var operations []func(int) error
	for _, k := range kinds {
		for _, g := range goroutineCounts {
			operations = append(operations, together(g, k.of))
		}
	}
	samples, err := inTurns(rounds, p, cpuTime, operations...)
	if err != nil {
		return nil, err
	}
	of := map[string][][]sample{}
	for i, k := range kinds {
		counts := samples[i*len(goroutineCounts):][:len(goroutineCounts)]
		of[k.key] = counts
		row := []string{k.name}
		for j, g := range goroutineCounts {
			row = append(row, fmt.Sprintf("%.0f", float64(time.Second)/float64(median(counts[j]).time)))
			r.keep(fmt.Sprintf("%s/way=%s/goroutines=%d", benchmark, k.key, g), counts[j])
		}
		s.rows = append(s.rows, append(row, times(against(counts[1], counts[3]))))
	}
	return of, nil
}

// together is the operation that makes n calls from that many goroutines, each by
// its own way. The goroutines are started once, as a service has its own: to start
// them anew, and to let their stacks grow, costs more than a call.
func together(goroutines int, of func(i int) call) func(int) error {
	var (
		left   atomic.Int64
		failed atomic.Pointer[error]
		begin  = make([]chan struct{}, goroutines)
		end    sync.WaitGroup
	)
	for i := range begin {
		begin[i] = make(chan struct{}, 1)
		own := of(i)
		go func() {
			for range begin[i] {
				for left.Add(-1) >= 0 {
					if _, err := own(background); err != nil {
						failed.Store(&err)
					}
				}
				end.Done()
			}
		}()
	}
	return func(n int) error {
		left.Store(int64(n))
		end.Add(goroutines)
		for _, b := range begin {
			b <- struct{}{}
		}
		end.Wait()
		if err := failed.Load(); err != nil {
			return *err
		}
		return nil
	}
}
