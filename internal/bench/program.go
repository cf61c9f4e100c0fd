package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// programs are the same program by hand and with the client: one call, and nothing
// else. They lie where the test of their sizes is.
var programs = []struct{ name, dir string }{
	{"net/http by hand", "./internal/guard/testdata/onecall/hand"},
	{"adminportal", "./internal/guard/testdata/onecall/ours"},
}

// measureProgram builds the programs and compares their sizes, and how long they
// take from their start to the arrival of their first request.
func measureProgram(r *report, rounds int) error {
	root, err := goTool("list", "-m", "-f", "{{.Dir}}", "github.com/adminportal-go/adminportal")
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "adminportal-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()

	const whole, stripped = 0, 1
	var (
		size  [2][2]int64
		names []string
	)
	for i, p := range programs {
		for j, flags := range []string{"", "-s -w"} {
			name := filepath.Join(dir, fmt.Sprintf("%d-%d.exe", i, j))
			if _, err := goTool("build", "-C", root, "-ldflags", flags, "-o", name, p.dir); err != nil {
				return err
			}
			info, err := os.Stat(name)
			if err != nil {
				return err
			}
			size[i][j] = info.Size()
			if j == whole {
				names = append(names, name)
			}
		}
	}
	starts, err := startTimes(rounds, names)
	if err != nil {
		return err
	}
	s := section{
		title: "The program",
		remark: fmt.Sprintf("A program that makes one call: its size as go build makes it and with -ldflags='-s -w', and the time from its start to the arrival of its request on loopback, the median of %d starts in turns.",
			rounds),
		columns: []string{"", "size", "ratio", "stripped", "ratio", "first request after", "ratio"},
	}
	for i, p := range programs {
		s.rows = append(s.rows, []string{
			p.name,
			fmt.Sprintf("%d B", size[i][whole]), fmt.Sprintf("%.3f×", float64(size[i][whole])/float64(size[0][whole])),
			fmt.Sprintf("%d B", size[i][stripped]), fmt.Sprintf("%.3f×", float64(size[i][stripped])/float64(size[0][stripped])),
			millis(median(starts[i]).time), times(against(starts[i], starts[0])),
		})
		r.keep("Start/way="+[]string{"hand", "adminportal"}[i], starts[i])
	}
	r.add(s)
	r.atMost("size of a program with one call, against by hand", "%.3f×", 1.06, float64(size[1][whole])/float64(size[0][whole]))
	return nil
}

// startTimes runs the programs in turns.
func startTimes(rounds int, names []string) ([][]sample, error) {
	arrived := make(chan time.Time, 1)
	answer := generous()
	srv := newLoopback(func(w http.ResponseWriter, req *http.Request) {
		arrived <- time.Now()
		answer(w, req)
	})
	defer srv.Close()
	samples := make([][]sample, len(names))
	for range rounds + 1 {
		for i, name := range names {
			cmd := exec.Command(name)
			cmd.Env = append(os.Environ(), "WORKOS_API_KEY="+apiKey, "WORKOS_BASE_URL="+srv.URL)
			cmd.Stdout = io.Discard
			var complaint strings.Builder
			cmd.Stderr = &complaint
			start := time.Now()
			if err := cmd.Run(); err != nil {
				return nil, fmt.Errorf("%w: %s", err, complaint.String())
			}
			samples[i] = append(samples[i], sample{time: (<-arrived).Sub(start), count: 1})
		}
	}
	for i := range samples {
		samples[i] = samples[i][1:] // the first one read the program from the disk
	}
	return samples, nil
}

// goTool is what the go command prints.
func goTool(args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, complaint.String())
	}
	return strings.TrimSpace(string(out)), nil
}
