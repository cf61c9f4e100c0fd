// Command adminportal makes WorkOS Admin Portal links, lists provider icons,
// checks a setup, runs a sandbox of the portal for any language, and serves a demo
// to click through.
//
// main.go, run.go and exit.go are the frame: signals, the command line, and what a
// run ends with. Each command has its file. service.go decides where calls go,
// serve.go and sandboxed.go serve, and screen.go and progress.go do the writing.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := untilSignal(context.Background())
	code := run(ctx, processEnv(), os.Args[1:])
	stop()
	os.Exit(code)
}

// A stopped is the cause of a context that a signal ended.
type stopped struct{ signal os.Signal }

func (s stopped) Error() string {
	if s.signal == os.Interrupt {
		return "stopped by Ctrl-C"
	}
	return fmt.Sprintf("stopped (%v)", s.signal)
}

// untilSignal returns a context that ends at Ctrl-C or SIGTERM. The next of these
// ends the process, so that nothing can keep it.
//
// Asking for SIGPIPE is what turns a closed pipe into an error of the write that
// met it; else it would kill the process, even a sandbox whose log nobody reads
// any more.
func untilSignal(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals)
			cancel(stopped{s})
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}
