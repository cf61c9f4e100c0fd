package fleetsim

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What the page says keeps the promises, and its picture is of its table.
func TestPage(t *testing.T) {
	results := published(t)
	for _, broken := range Broken(results) {
		t.Error(broken)
	}
	var picture bytes.Buffer
	if err := Picture(&picture, results); err != nil {
		t.Fatal(err)
	}
	if got := read(t, "fleet.svg"); got != picture.String() {
		t.Error("docs/fleet.svg is not the picture of the table in docs/performance.md: make fleet")
	}
}

// published are the results in docs/performance.md.
func published(t *testing.T) []Result {
	t.Helper()
	_, table, ok := strings.Cut(read(t, "performance.md"), head)
	if !ok {
		t.Fatal("docs/performance.md has no table of these columns: make fleet")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	lines := strings.Split(table, "\n")
	scenarios := Scenarios(1000)
	if len(lines) != len(scenarios) {
		t.Fatalf("docs/performance.md has %d scenarios, want %d: make fleet", len(lines), len(scenarios))
	}
	results := make([]Result, len(lines))
	for i, line := range lines {
		r, err := parse(scenarios[i], line)
		if err != nil {
			t.Fatalf("docs/performance.md: %v: make fleet", err)
		}
		results[i] = r
	}
	return results
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// parse is row the other way round.
func parse(s Scenario, line string) (Result, error) {
	r := Result{Scenario: s}
	cells := strings.Split(strings.Trim(line, "| "), " | ")
	if len(cells) != 11 || cells[0] != s.Name || cells[1] != thousands(s.Replicas) {
		return r, fmt.Errorf("the line %q is not that of %s with %d replicas", line, s.Name, s.Replicas)
	}
	figure := func(i int) float64 {
		f, _ := strconv.ParseFloat(strings.TrimRight(cells[i], " %s"), 64) // row tells if not
		return f
	}
	duration := func(i int) time.Duration { return time.Duration(math.Round(10*figure(i))) * time.Second / 10 }
	r.Refused, r.Use = figure(2)/100, figure(3)/100
	r.Median, r.Most = duration(4), duration(5)
	r.GaveUp, r.TurnedAway = figure(6)/100, figure(7)/100
	r.Operations, r.OperationsMost, r.PerReplica = figure(8), int(figure(9)), figure(10)
	if again := strings.TrimSuffix(row(r), "\n"); again != line {
		return r, fmt.Errorf("the line %q says %q", line, again)
	}
	return r, nil
}

// compare holds what is published to what the same scenario has come to now: nearly
// the same.
func compare(published, now Result) (different []string) {
	for _, f := range []struct {
		what           string
		published, now float64
		within         float64
	}{
		{"refused", published.Refused, now.Refused, 0.05},
		{"used", published.Use, now.Use, 0.03},
		{"waited (p50, s)", published.Median.Seconds(), now.Median.Seconds(), 10},
		{"gave up", published.GaveUp, now.GaveUp, 0.08},
		{"turned away", published.TurnedAway, now.TurnedAway, 0.1},
		{"operations for each call", published.Operations, now.Operations, 0.25},
	} {
		if f.now < f.published-f.within || f.now > f.published+f.within {
			different = append(different, fmt.Sprintf("%s, %d replicas: %s: %.3f, and docs/performance.md has %.3f: make fleet",
				now.Name, now.Replicas, f.what, f.now, f.published))
		}
	}
	return different
}
