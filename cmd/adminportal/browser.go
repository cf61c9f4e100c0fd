package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// A browser opens addresses with BROWSER or the system's opener.
type browser struct{ getenv func(string) string }

var errNoBrowser = errors.New("there is no browser to start; set BROWSER to one")

// open starts a browser and waits until it, or what hands over to it, has settled:
// most openers end at once, but some browsers stay.
func (b browser) open(ctx context.Context, address string) error {
	var errs []error
	for _, argv := range b.commands(address) {
		path, err := exec.LookPath(argv[0])
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if err = start(ctx, path, argv[1:]); err == nil || ctx.Err() != nil {
			return err
		}
		errs = append(errs, err)
	}
	if len(errs) == 0 {
		return errNoBrowser
	}
	return errors.Join(errs...)
}

// commands are the command lines to try in turn.
func (b browser) commands(address string) [][]string {
	var commands [][]string
	for entry := range strings.SplitSeq(b.getenv("BROWSER"), string(os.PathListSeparator)) {
		argv := strings.Fields(entry)
		if _, err := exec.LookPath(entry); err == nil {
			argv = []string{entry} // a path may have spaces
		}
		if len(argv) == 0 {
			continue
		}
		given := false
		for i, arg := range argv {
			if strings.Contains(arg, "%s") {
				argv[i], given = strings.ReplaceAll(arg, "%s", address), true
			}
		}
		if !given {
			argv = append(argv, address)
		}
		commands = append(commands, argv)
	}
	if len(commands) > 0 {
		return commands
	}
	switch runtime.GOOS {
	case "darwin":
		return [][]string{{"open", address}}
	case "windows":
		return [][]string{{"rundll32", "url.dll,FileProtocolHandler", address}}
	}
	return [][]string{{"xdg-open", address}, {"wslview", address}}
}

// settled is how long a browser must have run to count as started.
const settled = 2 * time.Second

// start runs a command and reports whether it failed at once. It is not ended with
// us: a browser that the command has started should stay.
func start(ctx context.Context, path string, args []string) error {
	cmd := exec.Command(path, args...) //nolint:gosec,noctx // the person's own BROWSER, and it is to outlive us
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return nil
	case <-time.After(settled):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// openLink sends the browser to a link. That it does not open is no failure: the
// link has been printed.
func (a *app) openLink(ctx context.Context, s *service, link *client.PortalLink) error {
	h, err := newHandoff(link.URL)
	if err != nil {
		a.log.say("%s the browser was not opened: %s", a.log.paint(yellow, "warning:"), oneLine(err.Error()))
		return nil
	}
	defer h.close()
	if err := a.browse(ctx, h.address); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		a.log.say("%s the browser was not opened: %s", a.log.paint(yellow, "warning:"), oneLine(err.Error()))
		return nil
	}
	select {
	case <-h.fetched:
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(a.fetchWithin):
		a.log.say("%s the browser has not come for the link; it is above", a.log.paint(yellow, "warning:"))
		return nil
	}
	if !s.embedded || !a.stderrTTY { // without a person, nobody would end it
		return nil
	}
	a.log.say("The sandbox stays for as long as the link lives; Ctrl-C stops it.")
	select {
	case <-ctx.Done(): // the work was done before
	case <-time.After(link.TTL()):
	}
	return nil
}

// A handoff gives a link to the browser without the process list seeing it: the
// browser is started with a random address on loopback that redirects to the link
// once. Command lines can be read by every user of the host, and a browser's lasts
// as long as the browser does; the address in it is of no use by then. (Somebody
// who reads it and is faster than the browser would get the link, and the browser
// an error instead of the portal.)
type handoff struct {
	address string
	fetched chan struct{} // closed when the link has been handed over
	server  *http.Server
	served  chan struct{}
}

func newHandoff(link string) (*handoff, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // nothing to wait for
	if err != nil {
		return nil, err
	}
	path := "/" + rand.Text()
	h := &handoff{
		address: "http://" + l.Addr().String() + path,
		fetched: make(chan struct{}),
		served:  make(chan struct{}),
	}
	var once sync.Once
	h.server = &http.Server{
		ReadTimeout: 10 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			first := false
			if r.URL.Path == path && r.Method == http.MethodGet {
				once.Do(func() { first = true })
			}
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("Referrer-Policy", "no-referrer")
			w.Header().Set("Connection", "close")
			if !first {
				http.Error(w, "This address works once. Make a new link.", http.StatusGone)
				return
			}
			http.Redirect(w, r, link, http.StatusSeeOther)
			close(h.fetched)
		}),
	}
	go func() {
		defer close(h.served)
		_ = h.server.Serve(l)
	}()
	return h, nil
}

// close lets a hand-over that has begun come to its end.
func (h *handoff) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if h.server.Shutdown(ctx) != nil {
		_ = h.server.Close()
	}
	<-h.served
}
