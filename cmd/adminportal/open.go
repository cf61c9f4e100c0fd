package main

import (
	"context"
	"crypto/rand"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// browserCommand is the command line that opens an address.
func browserCommand(address string) []string {
	switch argv := strings.Fields(os.Getenv("BROWSER")); {
	case len(argv) > 0:
		return append(argv, address)
	case runtime.GOOS == "darwin":
		return []string{"open", address}
	case runtime.GOOS == "windows":
		return []string{"rundll32", "url.dll,FileProtocolHandler", address}
	}
	return []string{"xdg-open", address}
}

// browse runs the browser, which may outlive this process.
func browse(address string) error {
	argv := browserCommand(address)
	return exec.Command(argv[0], argv[1:]...).Run() // the person's own BROWSER
}

// openBrowser opens an address that has been printed. If the browser fails, it warns
// and closes the channel.
func (a *app) openBrowser(address string) (failed chan struct{}) {
	failed = make(chan struct{})
	go func() {
		if err := a.browse(address); err != nil {
			a.log.warn("the browser was not opened: %s; BROWSER can name another", oneLine(err.Error()))
			close(failed)
		}
	}()
	return failed
}

// openLink sends the browser to a link.
func (a *app) openLink(ctx context.Context, s *service, link *client.PortalLink) error {
	l, err := listen(ctx, "127.0.0.1:0")
	if err != nil {
		return err
	}
	h := &handoff{link: link.URL, path: "/" + rand.Text(), fetched: make(chan struct{})}
	served := serve(l, h)
	defer func() { _ = served.close() }()
	select {
	case <-h.fetched:
	case <-a.openBrowser(served.url + h.path):
	case <-time.After(a.browserTakes):
		a.log.warn("the browser did not fetch the link; it is above")
	case <-ctx.Done():
		return ctx.Err()
	}
	if s.sandbox == nil || !a.stderrTTY { // in a script, nobody would end it
		return nil
	}
	a.log.say("The sandbox stays for as long as the link lives; Ctrl-C stops it.")
	select {
	case <-ctx.Done():
	case <-time.After(link.TTL()):
	}
	return nil
}

// A handoff redirects a browser to a link, once, from an address that cannot be
// guessed. So the link is not in the browser's command line, which every user of the
// host can read.
type handoff struct {
	link, path string
	done       atomic.Bool
	fetched    chan struct{} // closed when the link is handed over
}

func (h *handoff) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Connection", "close")
	if r.URL.Path != h.path || r.Method != http.MethodGet || h.done.Swap(true) {
		http.Error(w, "This address works once. Make a new link.", http.StatusGone)
		return
	}
	http.Redirect(w, r, h.link, http.StatusSeeOther)
	close(h.fetched)
}
