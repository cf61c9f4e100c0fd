package portaltest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

// The help lists what there is, and every example that it gives works.
func TestControlHelp(t *testing.T) {
	c := serve(t)
	var help struct {
		Controls []struct {
			Method, Path, Does string
			Body               json.RawMessage
		}
		FaultFields []struct {
			Field, Takes string
			Example      json.RawMessage
		} `json:"fault_fields"`
		Operations []string
	}
	c.get(sandbox+"/", 200, header("Authorization")).decode(&help)
	errorIf(t, len(help.Controls) < 12 || len(help.Operations) != 5, "the help lists %d controls and %d operations", len(help.Controls), len(help.Operations))
	for _, control := range help.Controls {
		if strings.Contains(control.Path, "{") || control.Does == "" {
			continue
		}
		if a := c.send(control.Method, control.Path, string(control.Body)); a.status/100 != 2 {
			t.Errorf("%s = %d %s", a.call, a.status, a.body)
		}
	}
	equal(t, "number of fault_fields", len(help.FaultFields), reflect.TypeFor[portaltest.Fault]().NumField())
	for _, f := range help.FaultFields {
		c.portal.ClearFaults()
		c.post(sandbox+"/faults", fmt.Sprintf(`{"status":500,%q:%s}`, f.Field, f.Example), 201)
		c.get(sandbox+"/faults", 200).has(`"` + f.Field + `"`)
		// A wrong value is answered with what the field takes, not with a Go type.
		var refused struct{ Error string }
		c.post(sandbox+"/faults", fmt.Sprintf(`{%q:[[]]}`, f.Field), 400).decode(&refused)
		equal(t, "error", refused.Error, f.Field+": must be "+f.Takes)
	}
}

// What docs/sandbox.md tells readers to send to the control address is taken.
func TestDocumentedControls(t *testing.T) {
	page, err := os.ReadFile("../../docs/sandbox.md")
	if err != nil {
		t.Fatal(err)
	}
	c := serve(t)
	path, sent := "", 0
	code := regexp.MustCompile("`(?:POST (/_sandbox/[a-z]+)|(\\{\".*?\\}))`")
	for _, m := range code.FindAllStringSubmatch(string(page), -1) {
		if m[1] != "" {
			path = m[1] // of the bodies that follow
			continue
		}
		sent++
		if a := c.send("POST", path, m[2]); a.status/100 != 2 {
			t.Errorf("%s = %d %s", a.call, a.status, a.body)
		}
	}
	errorIf(t, sent < 9, "the page has %d bodies, want 9 and more", sent)
}

// What a Go test does with methods, over HTTP.
func TestControl(t *testing.T) {
	c := serve(t)
	c.partial = true

	// Organizations.
	var org struct{ ID string }
	c.post(sandbox+"/organizations", `{"name":"Umbrella"}`, 201).decode(&org)
	page := c.link(referenceLinks, "sso", "organization", org.ID)
	c.post(sandbox+"/organizations", `{"id":"org_x","name":"W"}`, 201)
	c.post(sandbox+"/organizations", `{"id":"org_x","name":"X"}`, 201).is(`{"id":"org_x","name":"X"}`)
	c.get(sandbox+"/organizations", 200).is(`{"data":[{"id":"` + c.portal.Organization + `","name":"Acme"},{"id":"` + org.ID + `","name":"Umbrella"},{"id":"org_x","name":"X"}]}`)
	c.send("DELETE", sandbox+"/organizations/"+org.ID, "").want(204)
	c.send("DELETE", sandbox+"/organizations/"+org.ID, "").want(404)
	c.post(referenceLinks, c.request("sso", "organization", org.ID), 404)
	c.get(page, 200).has("Umbrella") // a link keeps the name
	c.post(liveLinks, c.request("dsync"), 201)

	// Keys.
	var made struct{ Key string }
	c.post(sandbox+"/keys", "", 201).decode(&made)
	c.get(referenceIcons, 200, key(made.Key))
	c.send("DELETE", sandbox+"/keys/"+made.Key, "").want(204)
	c.send("DELETE", sandbox+"/keys/"+made.Key, "").want(404)
	c.get(referenceIcons, 401, key(made.Key))
	c.post(sandbox+"/keys", `{"restricted":true}`, 201).decode(&made)
	c.post(liveLinks, c.request("sso"), 403, key(made.Key))

	// Faults.
	c.post(sandbox+"/faults", `{"operation":"listProviderIcons","status":503,"times":2,"retry_after":30,"headers":{"X-Example":["a","b"],"X-Request-Id":"mine","X-RateLimit-Reset":null},"body":"down","latency":"1ms"}`, 201)
	a := c.get(referenceIcons, 503)
	equal(t, "the fault's body and rates", a.body+" "+a.rates(), "down 100 97 - 30")
	equal(t, "the fault's header", fmt.Sprint(a.header["X-Example"], a.header["X-Request-Id"]), "[a b] [mine]")
	c.get(sandbox+"/faults", 200).is(`{"data":[{"operation":"listProviderIcons","status":503,"times":1,"retry_after":"30s","headers":{"X-Example":["a","b"],"X-Request-Id":["mine"],"X-RateLimit-Reset":null},"body":"down","latency":"1ms"}]}`)
	c.send("DELETE", sandbox+"/faults", "").want(204)
	c.get(referenceIcons, 200)
	c.post(sandbox+"/faults", `{"cut":"within_body","stall":"before_answer"}`, 201)
	equal(t, "PendingFaults()", c.portal.PendingFaults(), []portaltest.Fault{{Times: 1, Cut: portaltest.WithinBody, Stall: portaltest.BeforeAnswer}})
	c.get(sandbox+"/faults", 200).is(`{"data":[{"times":1,"cut":"within_body","stall":"before_answer"}]}`)

	// The clock, which runs on for less than a minute meanwhile.
	a = c.post(sandbox+"/clock", `{"now":"2024-01-15T12:00:00Z"}`, 200)
	if date := a.header.Get("Date"); !strings.HasPrefix(date, "Mon, 15 Jan 2024 12:00:") {
		t.Errorf("Date = %s after the clock was set to noon", date)
	}
	c.post(sandbox+"/clock", `{"advance":"1h"}`, 200)
	c.post(sandbox+"/clock", `{"advance":3600}`, 200)
	c.get(sandbox+"/clock", 200).has(`"now": "2024-01-15T14:00:`)

	// What arrived, what was issued.
	c.get(sandbox+"/requests", 200).has(`"operation": "generatePortalLink"`, `"method": "POST"`, `"path": "/portal_links"`, `"status": 404`)
	c.get(sandbox+"/links", 200).has(`"organization": "`+org.ID+`"`, `"operation": "generatePortalLink"`, `"operation": "generateLink"`, `"intent": "dsync"`)
	c.post(sandbox+"/reset", "", 204)
	equal(t, "requests, links and faults after the reset", len(c.portal.Requests())+len(c.portal.Links())+len(c.portal.PendingFaults()), 0)
}

// A control request that is wrong says how, and changes nothing.
func TestControlRefuses(t *testing.T) {
	c := serve(t)
	for _, tc := range []struct{ path, body, want string }{
		{"/faults", `{"operation":"nope","status":500}`, "operation: must be one of generateLink, "},
		{"/faults", `{"status":7}`, "200 to 599"},
		{"/faults", `{"statuss":500}`, "statuss: there is no such field; the fields are operation, times, status"},
		{"/faults", `{"status":"500"}`, "status: must be a whole number"},
		{"/faults", `{"status":500} x`, "one JSON object"},
		{"/faults", `{"status":`, "one JSON object"},
		{"/faults", `[]`, "one JSON object"},
		{"/faults", `{"cut":"everywhere"}`, "cut, stall: must be before_answer or within_body"},
		{"/faults", `{"latency":"soon"}`, "1.5s"},
		{"/faults", `{"latency":1e300}`, "latency: must be a duration"},
		{"/faults", `{"latency":-1}`, "negative"},
		{"/faults", `{"headers":{"X":1}}`, "null to remove"},
		{"/faults", strings.Repeat(" ", 2<<20), "larger"},
		{"/organizations", `{"id":"acme"}`, "org_"},
		{"/organizations", `{"name":1}`, "name: must be a text"},
		{"/keys", `{"key":"sk_live_x"}`, "the fields are restricted"},
		{"/clock", `{}`, "either"},
		{"/clock", `{"now":"2024-01-15T12:00:00Z","advance":"1s"}`, "either"},
		{"/clock", `{"now":"noon"}`, "now: must be a time such as"},
	} {
		c.post(sandbox+tc.path, tc.body, 400).has(`"error": "`, tc.want)
	}
	equal(t, "PendingFaults()", c.portal.PendingFaults(), []portaltest.Fault(nil))
	c.send("PUT", sandbox+"/clock", `{}`).want(404).has("GET /_sandbox/")
	c.get(sandbox+"/nowhere", 404).has("GET /_sandbox/")
}

// No web page gets through: neither from another origin nor by a name that resolves
// to here.
func TestControlGuard(t *testing.T) {
	c := serve(t, portaltest.WithBaseURL("https://sandbox.example/prefix"))
	host := func(name string) edit { return func(r *http.Request) { r.Host = name } }
	c.get(sandbox+"/", 403, host("host.docker.internal:8787")).has("--public-url http://host.docker.internal:8787")
	for _, name := range []string{"evil.example", "127.0.0.1.evil.example:8787", "localhost.evil.example", "sandbox.example.evil.example"} {
		c.get(sandbox+"/clock", 403, host(name))
		c.post(sandbox+"/clock", "", 403, host(name))
	}
	for _, name := range []string{"localhost:8787", "127.0.0.1", "[::1]:8787", "10.0.0.7:8787", "sandbox:8787", "acme.localhost:8787", "sandbox.example", "SANDBOX.example:443"} {
		c.get(sandbox+"/clock", 200, host(name))
	}
	for _, e := range []edit{header("Sec-Fetch-Site", "cross-site"), header("Sec-Fetch-Site", "same-site"), header("Origin", "https://evil.example"), header("Origin", "null")} {
		c.post(sandbox+"/reset", "", 403, e)
	}
	c.post(sandbox+"/reset", "", 204, header("Sec-Fetch-Site", "same-origin"))
	a := c.get(sandbox+"/requests", 200, header("Origin", "https://evil.example"))
	equal(t, "Access-Control-Allow-Origin", a.header.Get("Access-Control-Allow-Origin"), "")
}
