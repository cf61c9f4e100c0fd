package main

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/adminportal-go/adminportal/internal/chart"
)

// A report is what one run found, in the order of its measuring.
type report struct {
	sections []section
	targets  []target
	rounds   []benchmark
}

// A section is one table, and what its most telling column looks like as bars.
type section struct {
	title, remark string
	columns       []string // the first is the rows' names
	rows          [][]string
	charts        []chart.Chart
}

// A target is what must be true of a run.
type target struct {
	what, limit, got string
	met              bool
}

// atMost notes a target: figure, printed by format, may not be more than limit.
func (r *report) atMost(what, format string, limit, figure float64) {
	r.targets = append(r.targets, target{what, "≤ " + fmt.Sprintf(format, limit), fmt.Sprintf(format, figure), figure <= limit})
}

func (r *report) atLeast(what string, limit, figure float64) {
	r.targets = append(r.targets, target{what, "≥ " + times(limit), times(figure), figure >= limit})
}

func (r *report) add(s section) { r.sections = append(r.sections, s) }

// whole is the report with the targets as its last table.
func (r *report) whole() []section {
	s := section{
		title:   "Targets",
		remark:  "What a run on a quiet machine must show of adminportal.",
		columns: []string{"what", "target", "this run", ""},
	}
	for _, t := range r.targets {
		verdict := "met"
		if !t.met {
			verdict = "missed"
		}
		s.rows = append(s.rows, []string{t.what, t.limit, t.got, verdict})
	}
	return append(append([]section(nil), r.sections...), s)
}

func (r *report) text(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintln(&b, circumstances())
	for _, s := range r.whole() {
		fmt.Fprintf(&b, "\n%s\n%s\n\n", s.title, s.remark)
		t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		for _, row := range append([][]string{s.columns}, s.rows...) {
			if _, err := fmt.Fprintf(t, "  %s\n", strings.Join(row, "\t")); err != nil {
				return err
			}
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	_, err := b.WriteTo(w)
	return err
}

func (r *report) markdown(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# What a call costs\n\n"+
		"Written by `make bench`; do not edit. What lies behind the figures is in [performance.md](performance.md).\n\n"+
		"%s\n\n![The same figures as bars](bench.svg)\n", circumstances())
	for _, s := range r.whole() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| %s |\n|", s.title, s.remark, strings.Join(s.columns, " | "))
		for i := range s.columns {
			if i == 0 {
				b.WriteString(" --- |")
			} else {
				b.WriteString(" ---: |")
			}
		}
		b.WriteByte('\n')
		for _, row := range s.rows {
			fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		}
	}
	_, err := b.WriteTo(w)
	return err
}

func (r *report) svg(w io.Writer) error {
	var charts []chart.Chart
	for _, s := range r.sections {
		charts = append(charts, s.charts...)
	}
	return chart.Draw(w, "What a call costs: adminportal beside net/http by hand and other clients; shorter is better", charts)
}

// circumstances are what another run may have had otherwise.
func circumstances() string {
	var peers []string
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if strings.HasSuffix(m.Path, "/go-retryablehttp") || strings.HasSuffix(m.Path, "/resty/v2") {
				peers = append(peers, m.Path+" "+m.Version)
			}
		}
	}
	return fmt.Sprintf("%s, %s on %s/%s with %d processors, beside %s.",
		time.Now().UTC().Format(time.DateOnly), runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0), strings.Join(peers, " and "))
}

// A benchmark is one round, as benchstat wants it.
type benchmark struct {
	name string
	sample
}

// keep notes the rounds of one way. key=value pairs in the name let benchstat put
// the ways side by side: benchstat -col /way FILE.
func (r *report) keep(name string, samples []sample) {
	for _, s := range samples {
		r.rounds = append(r.rounds, benchmark{name, s})
	}
}

func (r *report) benchstat(w io.Writer) error {
	var out bytes.Buffer
	fmt.Fprintf(&out, "goos: %s\ngoarch: %s\npkg: github.com/adminportal-go/adminportal/internal/bench\n", runtime.GOOS, runtime.GOARCH)
	for _, b := range r.rounds {
		fmt.Fprintf(&out, "Benchmark%s-%d\t%d\t%d ns/op\t%.0f B/op\t%.0f allocs/op\n",
			b.name, runtime.GOMAXPROCS(0), b.count, b.time.Nanoseconds(), b.bytes, b.allocs)
	}
	_, err := out.WriteTo(w)
	return err
}

func times(ratio float64) string { return fmt.Sprintf("%.2f×", ratio) }

func micros(d time.Duration) string { return fmt.Sprintf("%.1f µs", float64(d.Nanoseconds())/1e3) }

func millis(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Nanoseconds())/1e6) }
