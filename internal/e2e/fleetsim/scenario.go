package fleetsim

import "time"

// A Scenario is a fleet, what it is asked for, and what happens to it.
type Scenario struct {
	Name     string
	Story    string // what Name means, for the page
	Replicas int
	Load     float64 // what callers ask for, of the limit; 0 is contention
	Shared   bool    // one budget for all, on Redis; else each goes by the headers alone
	Fixed    bool    // the service counts windows of its clock, not any span

	Crashes  bool
	Deploy   bool
	Skew     bool
	Outage   bool
	Neighbor neighbor
}

// A neighbor is a service that is not ours and has the same key.
type neighbor int

const (
	none    neighbor = iota
	known            // our limit is what it leaves
	unknown          // our limit is the whole budget
)

const (
	// window is what the service counts by, as WorkOS does.
	window = time.Minute
	// measured is how many windows count, after one for the fleet to start in.
	measured = 6
	// contention is how much is asked for, of what there is, where not told.
	contention = 1.25
	// patience is how long a caller waits: nobody looks at a page for longer.
	patience = 45 * time.Second
	// leave is how many callers close the page before that, at some time.
	leave = 0.05
)

func (s Scenario) same(r Result) bool { return s == r.Scenario }

// budget is what the service allows per window: a hundred, which is what WorkOS
// does, or one for each replica where a hundred would not go round.
func (s Scenario) budget() int { return max(100, s.Replicas) }

// limit is what our fleet is told.
func (s Scenario) limit() int {
	if s.Neighbor == known {
		return s.budget() - s.neighborly()
	}
	return s.budget()
}

// neighborly is what the other service takes of a window at most.
func (s Scenario) neighborly() int { return s.budget() / 5 }

// interval is how often a replica is asked for a link.
func (s Scenario) interval() time.Duration {
	load := s.Load
	if load == 0 {
		load = contention
	}
	return time.Duration(float64(window) * float64(s.Replicas) / (load * float64(s.limit())))
}

// queue is how many calls a replica has under way at most: half a window's share,
// and two at least.
func (s Scenario) queue() int { return max(s.limit()/s.Replicas/2, 2) }

// Scenarios are all that is simulated with so many replicas at most.
func Scenarios(most int) []Scenario {
	var all []Scenario
	add := func(s Scenario, sizes ...int) {
		for _, n := range sizes {
			if n <= most {
				s.Replicas = n
				all = append(all, s)
			}
		}
	}
	add(Scenario{
		Name:  "each for itself",
		Story: "no limiter: each client goes by what the service's headers tell it.",
	}, 1, 10, 100, 1000)
	add(Scenario{
		Name: "each for itself, fixed window", Fixed: true,
		Story: "the same, and the service counts whole minutes of its clock instead of any span.",
	}, 1, 10, 100, 1000)
	add(Scenario{
		Name: "each for itself, not busy", Load: 0.9,
		Story: "nine tenths of the budget are asked for.",
	}, 10, 100, 1000)
	add(Scenario{
		Name: "shared", Shared: true,
		Story: "one budget for all, by `redislimit`.",
	}, 1, 10, 100, 1000)
	add(Scenario{
		Name: "shared, fixed window", Shared: true, Fixed: true,
		Story: "the same, at the other kind of service.",
	}, 1, 10, 100, 1000)
	add(Scenario{
		Name: "shared, not busy", Shared: true, Load: 0.9,
		Story: "nine tenths of the budget are asked for.",
	}, 10, 100, 1000)
	add(Scenario{
		Name: "shared, crashes", Shared: true, Crashes: true,
		Story: "every minute a fifth of the replicas is killed, one at a time, with all that it holds; another takes its place five seconds later.",
	}, 10, 100, 1000)
	add(Scenario{
		Name: "shared, deploy", Shared: true, Deploy: true,
		Story: "in the fifth minute every replica is replaced, one after the other; those who wait there are sent away.",
	}, 10, 100, 1000)
	add(Scenario{
		Name: "shared, clocks astray", Shared: true, Skew: true,
		Story: "each replica's clock is up to an hour from Redis's and drifts by up to 200 ppm, the service's is 37 s off, and Redis's host is set back by 20 s after four minutes.",
	}, 10, 100, 1000)
	add(Scenario{
		Name: "shared, Redis away", Shared: true, Outage: true,
		Story: "after four minutes Redis is not there for one, and comes back empty; each replica keeps to its share meanwhile (`WithReplicas`).",
	}, 10, 100, 1000)
	add(Scenario{
		Name: "shared, known neighbor", Shared: true, Neighbor: known,
		Story: "another service takes up to a fifth of the same key's budget without asking anybody, and the fleet's limit is the rest.",
	}, 10, 100, 1000)
	add(Scenario{
		Name: "shared, unknown neighbor", Shared: true, Neighbor: unknown,
		Story: "the same neighbor, and the fleet's limit is the whole budget: together they ask for more than there is.",
	}, 10, 100, 1000)
	return all
}

// afterFour is when what happens once happens, from the beginning.
const afterFour = 4 * window
