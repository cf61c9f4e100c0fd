package main

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// gateLine is a line of the client's own BenchmarkGate, which alone can switch the
// gate off: no option does.
var gateLine = regexp.MustCompile(`(?m)^BenchmarkGate/goroutines=(\d+)/gate=(on|off)\S*\s+\d+\s+([\d.]+) ns/op`)

// measureGate compares calls that pass the gate with calls that do not, while the
// budget is far from spent.
func measureGate(r *report, rounds int) error {
	dir, err := goTool("list", "-m", "-f", "{{.Dir}}", "github.com/adminportal-go/adminportal")
	if err != nil {
		return err
	}
	took := map[string][]sample{}
	for range max(rounds/2, 5) { // every run has each once, so that they take turns
		out, err := goTool("-C", dir, "test", "-run=^$", "-bench=^BenchmarkGate$", "-benchtime=30000x", "./client")
		if err != nil {
			return err
		}
		for _, m := range gateLine.FindAllStringSubmatch(out, -1) {
			ns, err := strconv.ParseFloat(m[3], 64)
			if err != nil {
				return err
			}
			took[m[1]+m[2]] = append(took[m[1]+m[2]], sample{time: time.Duration(ns), count: 30000})
		}
	}
	s := section{
		title: "The gate",
		remark: fmt.Sprintf("Calls without a network by the clock, past the gate and around it, as the client's own BenchmarkGate has them; medians of %d rounds in turns. "+
			"All goroutines share one client, and headers say that much is left.", max(rounds/2, 5)),
		columns: []string{"goroutines", "past the gate", "around it", "throughput with the gate"},
	}
	for _, g := range goroutineCounts {
		on, off := took[fmt.Sprintf("%don", g)], took[fmt.Sprintf("%doff", g)]
		if len(on) == 0 || len(on) != len(off) {
			return fmt.Errorf("the client's BenchmarkGate has %d rounds with the gate and %d without for %d goroutines", len(on), len(off), g)
		}
		share := against(off, on)
		s.rows = append(s.rows, []string{fmt.Sprint(g), micros(median(on).time), micros(median(off).time), times(share)})
		r.keep(fmt.Sprintf("Gate/gate=on/goroutines=%d", g), on)
		r.keep(fmt.Sprintf("Gate/gate=off/goroutines=%d", g), off)
		r.atLeast(fmt.Sprintf("throughput with the gate, against without, goroutines: %d", g), 0.97, share)
	}
	r.add(s)
	return nil
}
