package main

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// gateLine is a line of the client's own BenchmarkGate, which alone can switch the
// gate off: no option does.
var gateLine = regexp.MustCompile(`(?m)^BenchmarkGate/goroutines=(\d+)\S*\s+\d+\s+([\d.]+) around-ns/call\s+([\d.]+) counted-ns/call\s+([\d.]+) past-ns/call`)

// measureGate compares calls that pass the gate with calls that do not, while the
// budget is far from spent.
func measureGate(r *report, rounds int) error {
	dir, err := goTool("list", "-m", "-f", "{{.Dir}}", "github.com/adminportal-go/adminportal")
	if err != nil {
		return err
	}
	took := map[string][]sample{}
	for range max(rounds/2, 5) {
		out, err := goTool("-C", dir, "test", "-run=^$", "-bench=^BenchmarkGate$", "-benchtime=10x", "./client")
		if err != nil {
			return err
		}
		for _, m := range gateLine.FindAllStringSubmatch(out, -1) {
			for i, way := range []string{"around", "counted", "past"} {
				ns, err := strconv.ParseFloat(m[2+i], 64)
				if err != nil {
					return err
				}
				took[m[1]+way] = append(took[m[1]+way], sample{time: time.Duration(ns), count: 40960})
			}
		}
	}
	s := section{
		title: "The gate",
		remark: fmt.Sprintf("Calls without a network by the clock, around the gate, past it while headers say that much is left, and past it while it counts, which WorkOS's budget is small enough for; "+
			"as the client's own BenchmarkGate has them, in turns, medians of %d runs. All goroutines share one client.", max(rounds/2, 5)),
		columns: []string{"goroutines", "around the gate", "past it", "throughput", "counted", "throughput"},
	}
	for _, g := range goroutineCounts {
		past, counted, around := took[fmt.Sprintf("%dpast", g)], took[fmt.Sprintf("%dcounted", g)], took[fmt.Sprintf("%daround", g)]
		if len(past) == 0 {
			return fmt.Errorf("the client's BenchmarkGate does not tell of %d goroutines", g)
		}
		share := against(around, past)
		s.rows = append(s.rows, []string{fmt.Sprint(g), micros(median(around).time), micros(median(past).time), times(share), micros(median(counted).time), times(against(around, counted))})
		r.keep(fmt.Sprintf("Gate/gate=off/goroutines=%d", g), around)
		r.keep(fmt.Sprintf("Gate/gate=on/goroutines=%d", g), past)
		r.keep(fmt.Sprintf("Gate/gate=counting/goroutines=%d", g), counted)
		r.atLeast(fmt.Sprintf("throughput with the gate, against without, goroutines: %d", g), 0.97, share)
	}
	r.add(s)
	return nil
}
