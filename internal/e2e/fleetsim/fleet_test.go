package fleetsim

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/redis/go-redis/v9/logging"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
	_ "gonum.org/v1/plot/vg/vgsvg" // fleet.svg
)

var docs = flag.String("docs", "", "simulate more minutes and up to 1,000 replicas, and write the table and fleet.svg into this folder")

// page has the table, which begins with the mark.
const page, mark = "performance.md", "| Scenario |"

func TestMain(m *testing.M) {
	logging.Disable()       // Redis goes away here on purpose
	debug.SetGCPercent(400) // a simulation is short, and makes much garbage
	m.Run()
}

// The promises of redislimit hold whatever happens, and cost no more for being many. The
// published table has the same scenarios.
func TestFleet(t *testing.T) {
	most := 1000
	if *docs == "" {
		most, measured = 10, 4
	}
	scenarios := Scenarios(most)
	results := make([]Result, len(scenarios))
	t.Run("scenario", func(t *testing.T) {
		for i, s := range scenarios {
			t.Run(fmt.Sprintf("%s/%d", s.Name, s.Replicas), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					var err error
					if results[i], err = Run(s); err != nil {
						t.Error(err)
					}
				})
			})
		}
	})
	rows := table(results)
	t.Logf("\n%s", rows)
	for _, r := range results {
		if broken := r.broken(results); broken != "" {
			t.Errorf("%s, %d replicas: %s", r.Name, r.Replicas, broken)
		}
	}
	file := filepath.Join("..", "..", "..", "docs", page)
	if *docs != "" {
		file = filepath.Join(*docs, page)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, after, _ := strings.Cut(string(text), mark)
	_, after, _ = strings.Cut(mark+after, "\n\n")
	if *docs == "" {
		for _, s := range Scenarios(1000) {
			if !strings.Contains(string(text), fmt.Sprintf("\n| %s | %d |", s.Name, s.Replicas)) {
				t.Errorf("docs/%s does not have %s with %d replicas: make fleet", page, s.Name, s.Replicas)
			}
		}
	} else if !t.Failed() {
		if err := os.WriteFile(file, []byte(before+rows+"\n"+after), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := picture(results, filepath.Join(*docs, "fleet.svg")); err != nil {
			t.Fatal(err)
		}
	}
}

// broken says which promise the result breaks.
func (r Result) broken(all []Result) string {
	refused, busiest, use, operations := 0.001, 1.0, 0.95, 2
	switch {
	case r.Load < 1:
		use = 0.95 * r.Load * (1 - leave)
	case r.Crashes: // what a killed replica had reserved is not all used
		use = 0.93
	case r.Skew: // who waits while the clock is set asks again
		operations = 4
	case r.Outage: // nobody knows what others do
		refused, busiest, use, operations = 0.02, 1.10, 0.85, 6
	case r.Neighbor == unknown: // a sixth of what both ask for is not there, and every pause moves all turns
		refused, busiest, operations = 0.1, 1.2, 40
	}
	if *docs == "" { // chance weighs more in fewer minutes
		use -= 0.03
		operations += operations / 2
	}
	each := r.Replicas > 10 && !r.Outage && slices.ContainsFunc(all, func(smaller Result) bool {
		return smaller.Name == r.Name && smaller.Replicas < r.Replicas && r.Operations > 1.1*smaller.Operations // the tenth is chance
	})
	switch {
	case r.Most > patience:
		return fmt.Sprintf("callers waited %v, want %v at most", r.Most, patience)
	case !r.Shared && r.Load > 1 && r.Refused < 0.05:
		return fmt.Sprintf("%.1f %% were refused without a shared budget: this simulates nothing", 100*r.Refused)
	case !r.Shared:
		return ""
	case r.Refused > refused:
		return fmt.Sprintf("%.2f %% were refused, want %.2f %% at most", 100*r.Refused, 100*refused)
	case r.Busiest > busiest:
		return fmt.Sprintf("%.2f of the budget in the busiest window, want %.2f at most", r.Busiest, busiest)
	case r.Use < use:
		return fmt.Sprintf("%.1f %% of the budget were used, want %.1f %%", 100*r.Use, 100*use)
	case r.OperationsMost > operations:
		return fmt.Sprintf("%d operations for an attempt (p99), want %d at most", r.OperationsMost, operations)
	case each:
		return fmt.Sprintf("%.2f operations for a call, more than in a smaller fleet", r.Operations)
	}
	return ""
}

func table(results []Result) string {
	var b strings.Builder
	b.WriteString(mark + ` Replicas | Refused | Busiest minute | Budget used | Waited p50 | p99 | Gave up | Turned away | Operations per call | p99 | per replica and minute |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
`)
	for _, r := range results {
		operations := "– | – | –"
		if r.Shared {
			operations = fmt.Sprintf("%.2f | %d | %.1f", r.Operations, r.OperationsMost, r.PerReplica)
		}
		fmt.Fprintf(&b, "| %s | %d | %.2f %% | %.0f %% | %.1f %% | %.1f s | %.1f s | %.0f %% | %.0f %% | %s |\n", r.Name, r.Replicas,
			100*r.Refused, 100*r.Busiest, 100*r.Use, r.Median.Seconds(), r.Most.Seconds(), 100*r.GaveUp, 100*r.TurnedAway, operations)
	}
	return b.String()
}

// picture draws what was refused, for the three sizes of fleets.
func picture(results []Result, file string) error {
	p := plot.New()
	p.Title.Text = "Refused by the service, % of all attempts"
	p.Legend.Top, p.X.Min = true, 0
	var names []string
	for i, n := range []int{1000, 100, 10} {
		var refused plotter.Values
		names = nil
		for _, r := range slices.Backward(results) {
			if r.Replicas == n {
				refused, names = append(refused, 100*r.Refused), append(names, r.Name)
			}
		}
		bars, err := plotter.NewBarChart(refused, vg.Points(6))
		if err != nil {
			return err
		}
		bars.Horizontal, bars.Offset, bars.Color, bars.LineStyle.Width = true, vg.Points(float64(7*(i-1))), plotutil.Color(i), 0
		p.Add(bars)
		p.Legend.Add(fmt.Sprint(n, " replicas"), bars)
	}
	p.NominalY(names...)
	return p.Save(18*vg.Centimeter, 14*vg.Centimeter, file)
}
