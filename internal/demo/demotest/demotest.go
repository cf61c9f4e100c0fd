// Package demotest starts demos for tests.
package demotest

import (
	"bytes"
	"net/http/httptest"
	"testing"

	"github.com/adminportal-go/adminportal/client/portaltest"
	"github.com/adminportal-go/adminportal/internal/demo"
)

// A World is a demo on a socket of its own, and the sandbox that its buttons lead to.
type World struct {
	*httptest.Server
	Sandbox      *portaltest.Server
	Site         string       // the demo's address
	Acme, Globex string       // the organizations of a person there
	Log          bytes.Buffer // of the demo; read it after an answer alone
}

// New starts a world that ends with the test. The changes are made to the demo's configuration.
func New(t *testing.T, change ...func(*demo.Config)) *World {
	t.Helper()
	w := &World{Server: httptest.NewUnstartedServer(nil), Sandbox: portaltest.NewServer(t)}
	w.Site = "http://" + w.Listener.Addr().String()
	w.Acme, w.Globex = w.Sandbox.Organization, w.Sandbox.AddOrganization("Globex")
	config := demo.Config{
		Site: w.Site, BaseURL: w.Sandbox.URL, APIKey: w.Sandbox.APIKey, Sandbox: w.Sandbox.Handler, Log: &w.Log,
		Organizations: []demo.Organization{{ID: w.Acme, Name: "Acme"}, {ID: w.Globex, Name: "Globex"}},
	}
	for _, c := range change {
		c(&config)
	}
	page, err := demo.New(config)
	if err != nil {
		t.Fatal(err)
	}
	w.Config.Handler = page
	w.Start()
	t.Cleanup(page.Close)
	t.Cleanup(w.Close)
	return w
}
