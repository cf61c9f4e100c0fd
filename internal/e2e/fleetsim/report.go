package fleetsim

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/adminportal-go/adminportal/internal/e2e/bench/bars"
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

// Page returns the page of which the table is replaced by one of these results.
func Page(page string, results []Result) (string, error) {
	before, rest, ok := strings.Cut(page, head)
	if !ok {
		return "", errors.New("the page has no table of these columns")
	}
	_, after, ok := strings.Cut(rest, "\n\n")
	if !ok {
		return "", errors.New("the page ends with the table")
	}
	var table strings.Builder
	if err := Table(&table, results); err != nil {
		return "", err
	}
	return before + table.String() + "\n" + after, nil
}

// Picture draws how much is refused without and with a shared budget.
func Picture(w io.Writer, results []Result) error {
	var all []bars.Bar
	for _, n := range []int{10, 100, 1000} {
		for _, r := range results {
			if r.Replicas == n && (r.Name == "each for itself" || r.Name == "shared") {
				all = append(all, bars.Bar{Name: thousands(n) + " replicas, " + r.Name, Value: 100 * r.Refused, Own: r.Shared})
			}
		}
	}
	return bars.Draw(w, "A fleet's attempts that the service refuses with 429", "percent", all)
}
