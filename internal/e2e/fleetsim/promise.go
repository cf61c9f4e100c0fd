package fleetsim

import "fmt"

// Broken says which promises the results of all scenarios break.
func Broken(results []Result) (broken []string) {
	for _, r := range results {
		complain := func(format string, args ...any) {
			broken = append(broken, fmt.Sprintf("%s, %d replicas: ", r.Name, r.Replicas)+fmt.Sprintf(format, args...))
		}
		if r.Most > patience {
			complain("callers waited %v, want %v at most", r.Most, patience)
		}
		if !r.Shared {
			// What it is all for. A client alone is in no fleet.
			if r.Load == 0 && r.Replicas > 1 && r.Refused < 0.05 {
				complain("%.1f %% were refused without a shared budget: this simulates nothing", 100*r.Refused)
			}
			continue
		}
		refused, use, operations := r.bounds()
		if r.Refused >= refused {
			complain("%.2f %% were refused, want less than %.2f %%", 100*r.Refused, 100*refused)
		}
		if r.Use < use {
			complain("%.1f %% of the budget were used, want %.1f %%", 100*r.Use, 100*use)
		}
		if r.OperationsMost > operations {
			complain("%d operations for a call (p99), want %d at most", r.OperationsMost, operations)
		}
		for _, smaller := range results {
			if smaller.Name != r.Name || smaller.Replicas < 10 || smaller.Replicas >= r.Replicas {
				continue
			}
			// The tenth is for chance.
			if r.PerReplica > 1.1*smaller.PerReplica {
				complain("%.2f operations a minute for each replica, want no more than the %.2f of %d", r.PerReplica, smaller.PerReplica, smaller.Replicas)
			}
			if r.Operations > 1.1*smaller.Operations {
				complain("%.2f operations for each call, want no more than the %.2f of %d", r.Operations, smaller.Operations, smaller.Replicas)
			}
		}
	}
	return broken
}

// bounds are how much may be refused, how much of the budget must be used, and how
// many operations a call may take: what is promised, and how far off that is where a
// scenario takes away what the promise rests on.
func (s Scenario) bounds() (refused, use float64, operations int) {
	refused, use, operations = 0.001, 0.95, 2
	switch {
	case s.Load != 0:
		use = 0.95 * s.Load * (1 - leave)
	case s.Skew:
		// Who waits while Redis's clock is set asks once more.
		operations = 3
	case s.Outage:
		// Nobody knows what the others have used: for a window each replica may take
		// its share on top, and for another the log has but what it was told.
		refused, use, operations = 0.15, 0.85, 6
	case s.Neighbor == unknown:
		// A sixth of what both ask for together is not there.
		refused, operations = 0.2, 5
	}
	return refused, use, operations
}
