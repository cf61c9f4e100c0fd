package fleetsim

import "time"

// A Scenario is a fleet, what it is asked for, and what happens to it.
type Scenario struct {
	Name     string
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
	add(Scenario{Name: "each for itself"}, 1, 10, 100, 1000)
	add(Scenario{Name: "each for itself, fixed window", Fixed: true}, 1, 10, 100, 1000)
	add(Scenario{Name: "each for itself, not busy", Load: 0.9}, 10, 100, 1000)
	add(Scenario{Name: "shared", Shared: true}, 1, 10, 100, 1000)
	add(Scenario{Name: "shared, fixed window", Shared: true, Fixed: true}, 1, 10, 100, 1000)
	add(Scenario{Name: "shared, not busy", Shared: true, Load: 0.9}, 10, 100, 1000)
	add(Scenario{Name: "shared, crashes", Shared: true, Crashes: true}, 10, 100, 1000)
	add(Scenario{Name: "shared, deploy", Shared: true, Deploy: true}, 10, 100, 1000)
	add(Scenario{Name: "shared, clocks astray", Shared: true, Skew: true}, 10, 100, 1000)
	add(Scenario{Name: "shared, Redis away", Shared: true, Outage: true}, 10, 100, 1000)
	add(Scenario{Name: "shared, known neighbor", Shared: true, Neighbor: known}, 10, 100, 1000)
	add(Scenario{Name: "shared, unknown neighbor", Shared: true, Neighbor: unknown}, 10, 100, 1000)
	return all
}

// afterFour is when what happens once happens, from the beginning.
const afterFour = 4 * window
