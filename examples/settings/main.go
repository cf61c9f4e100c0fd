// Settings is an example of a service: a settings page whose buttons lead the
// admin of the signed-in organization to the WorkOS Admin Portal and back.
//
//	go run ./examples/settings
//
// Without a key it runs on the embedded sandbox. With WORKOS_API_KEY it runs on
// WorkOS, for the organization in WORKOS_ORGANIZATION (and a second customer's in
// WORKOS_ORGANIZATION_2).
//
// What to copy is configure.go: package portalhttp behind a session. The session
// itself (session.go) is a toy.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8701", "where to listen; on loopback, since anyone may sign in as anyone")
	flag.Parse()
	portal, organizations, err := open()
	if err != nil {
		log.Fatal(err)
	}
	listener, err := listen(*addr)
	if err != nil {
		log.Fatal(err)
	}
	site := "http://" + listener.Addr().String()
	fmt.Println("settings page:", site)
	server := &http.Server{Handler: newService(portal, site, organizations), ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.Serve(listener))
}

// listen takes an address on loopback: elsewhere strangers could sign in, and the
// portal sends nobody back to plain http.
func listen(addr string) (net.Listener, error) {
	listener, err := net.Listen("tcp", addr) //nolint:noctx // a loopback port is there at once or not at all
	if err != nil {
		return nil, err
	}
	if tcp, ok := listener.Addr().(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
		_ = listener.Close()
		return nil, errors.New("-addr must be on loopback, such as 127.0.0.1:8701: anyone may sign in as anyone")
	}
	return listener, nil
}

// open returns WorkOS where there is a key for it, and else a sandbox, with the
// organizations of our two customers there.
func open() (portal *client.Client, organizations [2]string, err error) {
	if os.Getenv("WORKOS_API_KEY") == "" {
		sandbox := portaltest.NewServer(nil)
		organizations = [2]string{sandbox.Organization, sandbox.AddOrganization("Globex")}
		portal, err = client.New(sandbox.APIKey, client.WithBaseURL(sandbox.URL))
		return portal, organizations, err
	}
	organization := os.Getenv("WORKOS_ORGANIZATION")
	if organization == "" {
		return nil, organizations, errors.New("set WORKOS_ORGANIZATION to the ID of an organization, org_…, from the WorkOS Dashboard")
	}
	portal, err = client.NewFromEnv()
	return portal, [2]string{organization, cmp.Or(os.Getenv("WORKOS_ORGANIZATION_2"), organization)}, err
}
