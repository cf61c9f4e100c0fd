package fleetsim

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/adminportal-go/adminportal/internal/chart"
)

// Table writes the results in Markdown, a line each.
func Table(w io.Writer, results []Result) error {
	var b strings.Builder
	b.WriteString(head)
	for _, r := range results {
		b.WriteString(row(r))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

const head = `| Scenario | Replicas | Refused | Budget used | Waited p50 | Waited p99 | Gave up | Turned away | Operations per call | p99 | per replica and minute |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
`

func row(r Result) string {
	operations, most, each := "–", "–", "–"
	if r.Shared {
		operations, most, each = fmt.Sprintf("%.2f", r.Operations), strconv.Itoa(r.OperationsMost), fmt.Sprintf("%.1f", r.PerReplica)
	}
	return "| " + strings.Join([]string{
		r.Name, thousands(r.Replicas), percent(r.Refused, 2), percent(r.Use, 1),
		seconds(r.Median), seconds(r.Most), percent(r.GaveUp, 0), percent(r.TurnedAway, 0),
		operations, most, each,
	}, " | ") + " |\n"
}

func percent(part float64, digits int) string {
	return strconv.FormatFloat(100*part, 'f', digits, 64) + " %"
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

// Page writes docs/fleet.md.
func Page(w io.Writer, results []Result) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<!-- Written by make fleet; edit internal/e2e/fleetsim/report.go instead. -->

# A fleet, simulated

WorkOS counts requests per API key, not per process. Here replicas of the real client meet a service that counts, each for itself and with the budget they share by [redislimit](../client/redislimit), while nothing happens, and while much does. `+"`make fleet`"+` runs it and writes this page.

![Refused, budget used and operations on Redis, for fleets of 10 to 1,000 replicas](fleet.svg)

`)
	if err := Table(&b, results); err != nil {
		return err
	}
	fmt.Fprintf(&b, `
## What the columns say

All but the first minute of %d counts.

- **Refused**: of the fleet's attempts, those that the service answered with 429.
- **Budget used**: how much of the budget the last minute's accepted requests were, on average over the time; another service's are among them. A service that counts by its clock's minutes accepts more than that budget in some spans of a minute, and so may show more than 100 %%. A limiter that counts 2.5 %% more than the minute, for the way to the service, cannot use more than 97.6 %%.
- **Waited**: from the call to the link, of those who got one; the service's answer takes 60 ms on average.
- **Gave up**: of the fleet's calls, those that ended without a link: refused to the last attempt, told at once that their turn would come too late, or left by their callers.
- **Turned away**: of those who came, the ones whom a replica with a full queue did not even let call.
- **Operations per call**: commands to Redis, whatever they were for, by the number of calls; those that set up a connection aside. The **p99** is over single calls, and charges a command that several calls share to each of them in full.

## What is simulated

A service allows 100 requests in any span of a minute; 1,000 where there are 1,000 replicas, for which a hundred would be no call for most. Unless a line says otherwise callers come at random, and ask for %.2f times of what there is: some must go without. A caller waits for %d s at most, and %d %% leave before that. A replica lets half of its share of a minute wait, and two callers at least. Whoever is refused tries again, as the client does unless told otherwise.

`, measured+1, contention, int(patience.Seconds()), int(100*leave))
	told := ""
	for _, r := range results {
		if r.Name != told {
			fmt.Fprintf(&b, "- **%s**: %s\n", r.Name, r.Story)
			told = r.Name
		}
	}
	b.WriteString(`
Everything runs in one process on a clock of its own ([testing/synctest](https://pkg.go.dev/testing/synctest)), with [miniredis](https://github.com/alicebob/miniredis) for Redis, so that seven minutes of a fleet take seconds and no figure depends on the machine. What the simulation draws comes from a seed, but not what the client itself draws nor the order of goroutines: another run gives about the same figures, not exactly. How long Redis or the client take to compute is not in them: [performance](performance.md) and [bench](bench.md) have that.
`)
	_, err := w.Write(b.Bytes())
	return err
}

// Picture writes docs/fleet.svg.
func Picture(w io.Writer, results []Result) error {
	find := func(name string, replicas int) (r Result, ok bool) {
		i := slices.IndexFunc(results, func(r Result) bool { return r.Name == name && r.Replicas == replicas })
		if i < 0 {
			return Result{}, false
		}
		return results[i], true
	}
	sizes := []int{10, 100, 1000}
	refused := chart.Chart{Title: "Refused by the service, of all attempts"}
	used := chart.Chart{Title: "Budget used"}
	for _, n := range sizes {
		for _, name := range []string{"each for itself", "shared"} {
			r, ok := find(name, n)
			if !ok {
				continue
			}
			label := thousands(n) + " replicas, " + name
			refused.Bars = append(refused.Bars, chart.Bar{Name: label, Figure: percent(r.Refused, 2), Length: r.Refused, Ours: r.Shared})
			used.Bars = append(used.Bars, chart.Bar{Name: label, Figure: percent(r.Use, 1), Length: r.Use, Ours: r.Shared})
		}
	}
	operations := chart.Chart{Title: "Operations on Redis per call, when all wait"}
	waited := chart.Chart{Title: "Waited for a link when nine tenths of the budget are asked for, p99"}
	for _, n := range sizes {
		if r, ok := find("shared", n); ok {
			operations.Bars = append(operations.Bars, chart.Bar{
				Name: thousands(n) + " replicas", Ours: true, Length: r.Operations,
				Figure: fmt.Sprintf("%.2f (p99 %d)", r.Operations, r.OperationsMost),
			})
		}
		for _, name := range []string{"each for itself, not busy", "shared, not busy"} {
			if r, ok := find(name, n); ok {
				label, _, _ := strings.Cut(name, ",")
				waited.Bars = append(waited.Bars, chart.Bar{
					Name: thousands(n) + " replicas, " + label, Figure: seconds(r.Most), Length: r.Most.Seconds(), Ours: r.Shared,
				})
			}
		}
	}
	largest := results[len(results)-1].Replicas
	trouble := chart.Chart{Title: "Refused when things go wrong, " + thousands(largest) + " replicas"}
	for _, r := range results {
		if r.Replicas != largest || r.Load != 0 || r.Fixed {
			continue
		}
		trouble.Bars = append(trouble.Bars, chart.Bar{Name: r.Name, Figure: percent(r.Refused, 2), Length: r.Refused, Ours: r.Shared})
	}
	return chart.Draw(w, "A fleet with and without a shared budget: refused, budget used, operations on Redis, waited",
		[]chart.Chart{refused, used, operations, waited, trouble})
}
