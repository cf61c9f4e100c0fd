// Command adminportal makes WorkOS Admin Portal links, lists the provider icons,
// checks a setup, runs a sandbox of the portal for any language, and serves a
// settings page to click through.
//
// main.go and run.go are the frame: signals, the command line, the exit code. Each
// command has a file. service.go decides where calls go, serve.go serves the sandbox
// and the demo, failure.go says what an error means, and output.go writes.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// Without this, a write to a closed pipe kills the process, even a sandbox whose
	// log nobody reads any more. With it, the write returns an error.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)

	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		s := <-signals
		signal.Stop(signals) // the second signal kills the process
		cancel(stopped{s})
	}()
	os.Exit(run(ctx, processEnv(), os.Args[1:]))
}

// stopped is the cause of a context that a signal canceled.
type stopped struct{ signal os.Signal }

func (s stopped) Error() string {
	if s.signal == os.Interrupt {
		return "stopped by Ctrl-C"
	}
	return "stopped by a signal: " + s.signal.String()
}
