package main

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"
)

// A sample is what one operation cost in one round.
type sample struct {
	time          time.Duration // this process's on the processors; by the clock where asked for
	allocs, bytes float64       // the same in every round
	count         int           // operations in the round
}

// A pace says for about how long each operation runs in a round, and in how many
// turns. What disturbs a machine lasts longer than a short turn as a rule, and so
// disturbs all operations of a round.
type pace struct {
	round time.Duration
	turns int
}

var brisk = pace{20 * time.Millisecond, 10}

// inTurns runs the operations in turns and returns each one's rounds. Every turn
// draws their order: what one leaves to the collector falls on whoever comes next.
func inTurns(rounds int, p pace, clock func() time.Duration, operations ...func(n int) error) ([][]sample, error) {
	samples := make([][]sample, len(operations))
	count := make([]int, len(operations))
	for i, op := range operations {
		n, err := enough(op, p)
		if err != nil {
			return nil, err
		}
		count[i] = n
		memory, err := allocated(n, op)
		if err != nil {
			return nil, err
		}
		samples[i] = slices.Repeat([]sample{memory}, rounds)
	}
	runtime.GC() // nobody pays for the warming up
	for round := range rounds {
		for range p.turns {
			for _, i := range rand.Perm(len(operations)) {
				start := clock()
				if err := operations[i](count[i]); err != nil {
					return nil, err
				}
				samples[i][round].time += clock() - start
			}
		}
		for i := range samples {
			samples[i][round].count = p.turns * count[i]
			samples[i][round].time /= time.Duration(p.turns * count[i])
		}
	}
	return samples, nil
}

// enough is how many times op runs in one turn, once it is warm. Processor time says
// so whatever else the machine does meanwhile.
func enough(op func(int) error, p pace) (int, error) {
	for n := 1; ; n *= 2 {
		start := cpuTime()
		if err := op(n); err != nil {
			return 0, err
		}
		if took := cpuTime() - start; took > p.round/2 {
			return max(int(float64(n)*float64(p.round)/float64(took))/p.turns, 1), nil
		}
	}
}

// allocated is what op allocates; the collector's own is not in it.
func allocated(n int, op func(int) error) (sample, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := op(n)
	runtime.ReadMemStats(&after)
	return sample{
		allocs: float64(after.Mallocs-before.Mallocs) / float64(n),
		bytes:  float64(after.TotalAlloc-before.TotalAlloc) / float64(n),
	}, err
}

var epoch = time.Now()

// wallTime is the clock on the wall.
func wallTime() time.Duration { return time.Since(epoch) }

// repeat is the operation that makes the call n times.
func repeat(c call) func(n int) error {
	return func(n int) error {
		ctx := context.Background()
		for range n {
			switch link, err := c(ctx); {
			case err != nil:
				return err
			case link == "":
				return errors.New("got no link")
			}
		}
		return nil
	}
}

// median is the sample whose time is the median.
func median(samples []sample) sample {
	m := samples[0]
	m.time = middle(len(samples), func(i int) time.Duration { return samples[i].time })
	return m
}

// against is how much longer a takes than b: the median over the rounds of what each
// round says, since what disturbs a round disturbs both.
func against(a, b []sample) float64 {
	return middle(len(a), func(i int) float64 { return float64(a[i].time) / float64(b[i].time) })
}

func middle[T cmp.Ordered](n int, figure func(int) T) T {
	all := make([]T, n)
	for i := range all {
		all[i] = figure(i)
	}
	slices.Sort(all)
	return all[n/2]
}
