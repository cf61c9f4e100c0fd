// Package fleetsim lets fleets of the real client meet a service that counts, in a
// testing/synctest bubble: minutes of a thousand replicas take seconds, and nothing depends
// on how fast the machine is. In it are the client and its limiter as users get them, the
// limiter's script on a Redis made for it, and a service behind a round tripper that takes
// as long as a network would.
// Figures differ a little between runs.
package fleetsim

import "time"

// A Scenario is a fleet, what it is asked for, and what happens to it.
type Scenario struct {
	Name     string
	Replicas int
	Load     float64 // what callers ask for, of the limit
	Shared   bool    // one budget for all, on Redis; else each goes by the headers alone
	Fixed    bool    // the service counts windows of its clock, not any span

	Crashes  bool
	Deploy   bool
	Skew     bool
	Outage   bool
	Neighbor neighbor
}

// A neighbor is a service that is not ours and takes from the same budget.
type neighbor int

const (
	none    neighbor = iota
	known            // our limit is what it leaves
	unknown          // our limit is the whole budget
)

const (
	window     = time.Minute      // of the service, as WorkOS counts
	contention = 1.25             // load where callers ask for more than there is
	patience   = 45 * time.Second // of a caller: nobody looks at a page for longer
	leave      = 0.05             // share of the callers who close the page before that
)

// measured is how many windows count, after one for the fleet to start in.
var measured time.Duration = 6

// event is when what happens once happens.
func event() time.Duration { return (measured - 2) * window }

// budget is what the service allows per window: 100, or one for each replica.
func (s Scenario) budget() int { return max(100, s.Replicas) }

// limit is what our fleet is told.
func (s Scenario) limit() int {
	if s.Neighbor == known {
		return s.budget() * 4 / 5 // the neighbor takes a fifth at most
	}
	return s.budget()
}

// interval is how often a replica is asked for a link.
func (s Scenario) interval() time.Duration {
	return time.Duration(float64(window) * float64(s.Replicas) / (s.Load * float64(s.limit())))
}

// queue is how many calls a replica has under way at most: half a window's share.
func (s Scenario) queue() int { return max(s.limit()/s.Replicas/2, 2) }

// Scenarios are all that is simulated, with so many replicas at most.
func Scenarios(most int) (all []Scenario) {
	for _, s := range []Scenario{
		{Name: "each for itself"},
		{Name: "each for itself, fixed window", Fixed: true},
		{Name: "each for itself, not busy", Load: 0.9},
		{Name: "shared", Shared: true},
		{Name: "shared, fixed window", Shared: true, Fixed: true},
		{Name: "shared, not busy", Shared: true, Load: 0.9},
		{Name: "shared, crashes", Shared: true, Crashes: true},
		{Name: "shared, deploy", Shared: true, Deploy: true},
		{Name: "shared, clocks astray", Shared: true, Skew: true},
		{Name: "shared, Redis away", Shared: true, Outage: true},
		{Name: "shared, known neighbor", Shared: true, Neighbor: known},
		{Name: "shared, unknown neighbor", Shared: true, Neighbor: unknown},
	} {
		if s.Load == 0 {
			s.Load = contention
		}
		for s.Replicas = 10; s.Replicas <= most; s.Replicas *= 10 {
			all = append(all, s)
		}
	}
	return all
}
