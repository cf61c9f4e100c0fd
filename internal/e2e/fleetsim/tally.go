package fleetsim

import (
	"math"
	"slices"
	"sync"
	"time"
)

// A Result is what came of a scenario in the measured windows.
type Result struct {
	Scenario
	Refused        float64       // of our attempts
	Use            float64       // of the budget, by what the last window held, on average
	Median, Most   time.Duration // that those served waited, p50 and p99
	GaveUp         float64       // of our calls: refused to the end, too late to begin to wait, or the caller left
	TurnedAway     float64       // of those who came: the replica's queue was full
	Operations     float64       // on Redis, per call
	OperationsMost int           // for one place, p99: a trip is charged in full to all who share it
	PerReplica     float64       // operations per window
}

// rounded is as the table has it, so that what is drawn and checked is what is read.
func (r Result) rounded() Result {
	to := func(f *float64, digits float64) { *f = math.Round(*f*digits) / digits }
	to(&r.Refused, 10_000)
	to(&r.Use, 1000)
	to(&r.GaveUp, 100)
	to(&r.TurnedAway, 100)
	to(&r.Operations, 100)
	to(&r.PerReplica, 10)
	r.Median, r.Most = r.Median.Round(time.Second/10), r.Most.Round(time.Second/10)
	return r
}

// A tally counts for all replicas.
type tally struct {
	from, to time.Time

	mu         sync.Mutex
	begun      int
	ended      int
	away       int
	waits      []time.Duration
	operations int
	trips      map[string]int // by place, where its first was measured
	failures   []error
}

func newTally(from, to time.Time) *tally {
	return &tally{from: from, to: to, trips: map[string]int{}}
}

func (t *tally) counts(at time.Time) bool { return !at.Before(t.from) && at.Before(t.to) }

// fail is for what no scenario has in it.
func (t *tally) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failures = append(t.failures, err)
}

func (t *tally) turnedAway() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts(time.Now()) {
		t.away++
	}
}

func (t *tally) begin(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts(now) {
		t.begun++
	}
}

func (t *tally) end(began time.Time, took time.Duration, served bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.counts(began) {
		return
	}
	t.ended++
	if served {
		t.waits = append(t.waits, took)
	}
}

// operation is one command to Redis, charged to each of the places with all that
// they have to pay for.
func (t *tally) operation(places []string, charge int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	measured := t.counts(time.Now())
	if measured {
		t.operations++
	}
	for _, id := range places {
		if _, known := t.trips[id]; known || measured {
			t.trips[id] += charge
		}
	}
}

func (t *tally) into(r *Result) {
	t.mu.Lock()
	defer t.mu.Unlock()
	slices.Sort(t.waits)
	r.Median, r.Most = percentile(t.waits, 50), percentile(t.waits, 99)
	r.GaveUp = ratio(t.ended-len(t.waits), t.ended)
	r.TurnedAway = ratio(t.away, t.begun+t.away)
	r.Operations = ratio(t.operations, t.begun)
	r.PerReplica = ratio(t.operations, r.Replicas*measured)
	var trips []int
	for _, n := range t.trips {
		trips = append(trips, n)
	}
	slices.Sort(trips)
	r.OperationsMost = percentile(trips, 99)
}

// percentile is the least that so many in a hundred do not exceed.
func percentile[T any](sorted []T, p int) (value T) {
	if len(sorted) > 0 {
		value = sorted[max((len(sorted)*p+99)/100, 1)-1]
	}
	return value
}

func ratio(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}
