// Command bench measures what this client costs beside the same call by hand, by
// the bare generated client, and by two well-known HTTP clients: in one process
// and one run, in turns, so that what disturbs one disturbs all.
//
// It is a module of its own, so that what it compares with reaches nobody's go.mod.
// "make bench" runs it and writes docs/bench.md and docs/bench.svg; every figure in
// the documentation comes from there.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

func main() {
	var (
		docs   = flag.String("docs", "", "folder to write bench.md and bench.svg to; empty writes neither")
		stat   = flag.String("benchstat", "", "file for the single rounds as benchstat reads them; - is standard output, empty writes none")
		only   = flag.String("run", "", "measure only what has this in its name, and write no docs")
		rounds = flag.Int("rounds", 31, "rounds to take the median of, at least 5")
	)
	flag.Parse()
	if err := run(*only, *docs, *stat, max(*rounds, 5)); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(only, docs, stat string, rounds int) error {
	started := time.Now()
	// A service has data of its own, and so a collection far less often than every
	// four megabytes, which is all that a program without any is given.
	live := make([]byte, 32<<20)
	defer runtime.KeepAlive(live)
	var r report
	for _, s := range []struct {
		what    string
		measure func(*report, int) error
	}{
		{"a call", measureCalls},
		{"a call that is refused once", measureFailedCall},
		{"the connections", measureConnections},
		{"a rate limit", measureDraining},
		{"the icon catalog", measureCatalog},
		{"many goroutines", measureScale},
		{"the gate", measureGate},
		{"the program", measureProgram},
	} {
		if !strings.Contains(s.what, only) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%4.0fs  measuring %s\n", time.Since(started).Seconds(), s.what)
		if err := s.measure(&r, rounds); err != nil {
			return fmt.Errorf("measuring %s: %w", s.what, err)
		}
	}
	if err := r.text(os.Stdout); err != nil {
		return err
	}
	if docs != "" && only == "" {
		if err := write(filepath.Join(docs, "bench.md"), r.markdown); err != nil {
			return err
		}
		if err := write(filepath.Join(docs, "bench.svg"), r.svg); err != nil {
			return err
		}
	}
	switch stat {
	case "":
		return nil
	case "-":
		return r.benchstat(os.Stdout)
	}
	return write(stat, r.benchstat)
}

// write makes the file, and the folder that it is in.
func write(name string, content func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(content(f), f.Close())
}
