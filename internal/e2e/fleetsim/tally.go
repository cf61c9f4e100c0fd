package fleetsim

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// A Result is what came of a scenario in the measured windows.
type Result struct {
	Scenario
	Refused        float64       // of our attempts
	Busiest        float64       // of the budget, all requests in the busiest window
	Use            float64       // of the budget, what was accepted in the last window, on average
	Median, Most   time.Duration // that those served waited, p50 and p99
	GaveUp         float64       // of our calls: refused to the end, too late to begin to wait, or the caller left
	TurnedAway     float64       // of those who came: the replica's queue was full
	Operations     float64       // on Redis, per call
	OperationsMost int           // for one attempt, p99: all who share a trip are charged for it
	PerReplica     float64       // operations per window
}

// A tally counts for all replicas.
type tally struct {
	from, to time.Time

	mu          sync.Mutex
	begun, away int
	ended       int
	waits       []time.Duration
	operations  int
	trips       map[any]int // by id, where its first was measured
	failures    []error
}

func (t *tally) counts(at time.Time) bool { return !at.Before(t.from) && at.Before(t.to) }

// count counts, if now is measured.
func (t *tally) count(n *int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts(time.Now()) {
		*n++
	}
}

// fail is for what no scenario has in it.
func (t *tally) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failures = append(t.failures, err)
}

func (t *tally) end(began time.Time, served bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts(began) {
		t.ended++
		if served {
			t.waits = append(t.waits, time.Since(began))
		}
	}
}

func (t *tally) operation(ids []any) {
	t.count(&t.operations)
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, id := range ids {
		if _, known := t.trips[id]; known || t.counts(time.Now()) {
			t.trips[id]++
		}
	}
}

func (f *fleet) result() (Result, error) {
	t, s := f.tally, f.service
	r := Result{Scenario: f.Scenario}
	t.mu.Lock() // an answer of Redis may come after its caller has left
	defer t.mu.Unlock()
	if len(t.failures) > 0 {
		return r, fmt.Errorf("%d calls failed, the first with: %w", len(t.failures), t.failures[0])
	}
	slices.Sort(t.waits)
	var trips []int
	for _, n := range t.trips {
		trips = append(trips, n)
	}
	slices.Sort(trips)
	r.Median, r.Most = percentile(t.waits, 50), percentile(t.waits, 99)
	r.GaveUp = ratio(t.ended-len(t.waits), t.ended)
	r.TurnedAway = ratio(t.away, t.begun+t.away)
	r.Operations, r.OperationsMost = ratio(t.operations, t.begun), percentile(trips, 99)
	r.PerReplica = ratio(t.operations, r.Replicas*int(measured))
	r.Refused = ratio(s.refusals, s.attempts)
	r.Busiest = ratio(s.busiest, s.limit)
	r.Use = float64(s.full) / (float64(s.limit) * float64(t.to.Sub(t.from)))
	return r, nil
}

// percentile is the least that so many in a hundred do not exceed.
func percentile[T any](sorted []T, p int) (value T) {
	if len(sorted) > 0 {
		value = sorted[max((len(sorted)*p+99)/100, 1)-1]
	}
	return value
}

func ratio(part, whole int) float64 { return float64(part) / math.Max(float64(whole), 1) }

func between(least, most time.Duration) time.Duration { return least + rand.N(most-least) }

func exp(mean time.Duration) time.Duration {
	return time.Duration(rand.ExpFloat64() * float64(mean))
}
