package portaltest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

const sandbox = "/_sandbox"

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
	decode(t, c.send("GET", sandbox+"/", "", header("Authorization")).want(t, 200).body, &help)
	if len(help.Controls) < 12 || len(help.Operations) != 5 {
		t.Errorf("the help lists %d controls and %d operations", len(help.Controls), len(help.Operations))
	}
	for _, control := range help.Controls {
		if strings.Contains(control.Path, "{") || control.Does == "" {
			continue
		}
		if a := c.send(control.Method, control.Path, string(control.Body)); a.status/100 != 2 {
			t.Errorf("%s %s %s = %d %s", control.Method, control.Path, control.Body, a.status, a.body)
		}
	}
	if n := reflect.TypeFor[portaltest.Fault]().NumField(); len(help.FaultFields) != n {
		t.Errorf("the help lists %d fields of a fault, which has %d", len(help.FaultFields), n)
	}
	for _, f := range help.FaultFields {
		c.portal.ClearFaults()
		c.send("POST", sandbox+"/faults", fmt.Sprintf(`{%q:%s}`, f.Field, f.Example)).want(t, 201)
		if listed := c.send("GET", sandbox+"/faults", "").body; !strings.Contains(listed, `"`+f.Field+`"`) {
			t.Errorf("a fault with %s is listed as %s", f.Field, listed)
		}
		// A wrong value is answered with what the field takes, not with a Go type.
		a := c.send("POST", sandbox+"/faults", fmt.Sprintf(`{%q:[[]]}`, f.Field)).want(t, 400)
		var refused struct{ Error string }
		decode(t, a.body, &refused)
		if refused.Error != f.Field+": must be "+f.Takes {
			t.Errorf("error = %q, want %s: must be %s", refused.Error, f.Field, f.Takes)
		}
	}
}

// What a Go test does with methods, over HTTP.
func TestControl(t *testing.T) {
	c := serve(t)
	c.partial = true

	// Organizations.
	var org struct{ ID, Name string }
	decode(t, c.send("POST", sandbox+"/organizations", `{"name":"Umbrella"}`).want(t, 201).body, &org)
	c.send("POST", sheetLinks, c.request("sso", "organization", org.ID)).want(t, 200)
	sameJSON(t, c.send("POST", sandbox+"/organizations", `{"id":"org_x","name":"X"}`).want(t, 201).body, `{"id":"org_x","name":"X"}`)
	sameJSON(t, c.send("GET", sandbox+"/organizations", "").want(t, 200).body,
		`{"data":[{"id":"`+c.portal.Organization+`","name":"Acme"},{"id":"`+org.ID+`","name":"Umbrella"},{"id":"org_x","name":"X"}]}`)
	c.send("DELETE", sandbox+"/organizations/"+org.ID, "").want(t, 204)
	c.send("DELETE", sandbox+"/organizations/"+org.ID, "").want(t, 404)
	c.send("POST", sheetLinks, c.request("sso", "organization", org.ID)).want(t, 404)

	// Keys.
	var made struct{ Key string }
	decode(t, c.send("POST", sandbox+"/keys", "").want(t, 201).body, &made)
	c.send("GET", sheetIcons, "", key(made.Key)).want(t, 200)
	c.send("DELETE", sandbox+"/keys/"+made.Key, "").want(t, 204)
	c.send("GET", sheetIcons, "", key(made.Key)).want(t, 401)
	c.send("DELETE", sandbox+"/keys/"+made.Key, "").want(t, 404)
	decode(t, c.send("POST", sandbox+"/keys", `{"restricted":true}`).want(t, 201).body, &made)
	c.send("POST", liveLinks, c.request("sso"), key(made.Key)).want(t, 403)

	// Faults.
	c.send("POST", sandbox+"/faults", `{"operation":"listProviderIcons","status":503,"times":2,"retry_after":30,"headers":{"X-Example":["a","b"],"X-Request-Id":"mine","X-RateLimit-Reset":null},"body":"down","latency":"1ms"}`).want(t, 201)
	a := c.send("GET", sheetIcons, "").want(t, 503)
	if a.body != "down" || a.header.Get("Retry-After") != "30" || a.header.Get("X-Request-Id") != "mine" || len(a.header["X-Example"]) != 2 || a.header["X-Ratelimit-Reset"] != nil {
		t.Errorf("the fault's answer = %+v", a)
	}
	sameJSON(t, c.send("GET", sandbox+"/faults", "").want(t, 200).body,
		`{"data":[{"operation":"listProviderIcons","status":503,"times":1,"retry_after":"30s","headers":{"X-Example":["a","b"],"X-Request-Id":["mine"],"X-RateLimit-Reset":null},"body":"down","latency":"1ms"}]}`)
	c.send("DELETE", sandbox+"/faults", "").want(t, 204)
	c.send("GET", sheetIcons, "").want(t, 200)
	c.send("POST", sandbox+"/faults", `{"cut":"within_body","stall":"before_answer"}`).want(t, 201)
	if got := c.portal.PendingFaults(); len(got) != 1 || got[0].Cut != portaltest.WithinBody || got[0].Stall != portaltest.BeforeAnswer || got[0].Body != nil {
		t.Errorf("PendingFaults() = %+v", got)
	}
	sameJSON(t, c.send("GET", sandbox+"/faults", "").want(t, 200).body,
		`{"data":[{"times":1,"cut":"within_body","stall":"before_answer"}]}`)

	// The clock.
	a = c.send("POST", sandbox+"/clock", `{"now":"2024-01-15T12:00:00Z"}`).want(t, 200)
	if off := a.date(t).Sub(time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC)); off < 0 || off > time.Minute {
		t.Errorf("Date is off by %v after the clock was set", off)
	}
	c.send("POST", sandbox+"/clock", `{"advance":"1h"}`).want(t, 200)
	c.send("POST", sandbox+"/clock", `{"advance":3600}`).want(t, 200)
	var clock struct{ Now time.Time }
	decode(t, c.send("GET", sandbox+"/clock", "").want(t, 200).body, &clock)
	if off := clock.Now.Sub(time.Date(2024, 1, 15, 14, 0, 0, 0, time.UTC)); off < 0 || off > time.Minute {
		t.Errorf("now is off by %v", off)
	}

	// What arrived, what was issued.
	var requests struct {
		Data []struct {
			Operation, Method, Path string
			Status                  int
		}
		Dropped int
	}
	decode(t, c.send("GET", sandbox+"/requests", "").want(t, 200).body, &requests)
	if r := requests.Data; len(r) != len(c.portal.Requests()) || r[0].Operation != "generatePortalLink" || r[0].Method != "POST" || r[0].Path != sheetLinks || r[0].Status != 200 {
		t.Errorf("requests = %+v", r)
	}
	var links struct {
		Data []struct{ Organization, Intent, Operation, URL, Link string }
	}
	decode(t, c.send("GET", sandbox+"/links", "").want(t, 200).body, &links)
	if l := links.Data; len(l) != 1 || l[0].Organization != org.ID || l[0].Intent != "sso" || l[0].Operation != "generatePortalLink" || l[0].URL+l[0].Link != "" {
		t.Errorf("links = %+v", l)
	}
	c.send("POST", sandbox+"/reset", "").want(t, 204)
	if got := len(c.portal.Requests()) + len(c.portal.Links()) + len(c.portal.PendingFaults()); got != 0 {
		t.Errorf("%d requests, links and faults are left after the reset", got)
	}
}

// A control request that is wrong says how, and changes nothing.
func TestControlRefuses(t *testing.T) {
	c := serve(t)
	for _, tc := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "/faults", `{"operation":"nope","status":500}`, 400, "operation: must be one of generateLink, "},
		{"POST", "/faults", `{"status":7}`, 400, "200 to 599"},
		{"POST", "/faults", `{"statuss":500}`, 400, "statuss: there is no such field; the fields are operation, times, status"},
		{"POST", "/faults", `{"status":"500"}`, 400, "status: must be a whole number"},
		{"POST", "/faults", `{"status":500} x`, 400, "one JSON object"},
		{"POST", "/faults", `{"status":`, 400, "one JSON object"},
		{"POST", "/faults", `[]`, 400, "one JSON object"},
		{"POST", "/faults", `{"cut":"everywhere"}`, 400, "cut, stall: must be before_answer or within_body"},
		{"POST", "/faults", `{"latency":"soon"}`, 400, "1.5s"},
		{"POST", "/faults", `{"latency":1e300}`, 400, "latency: must be a duration"},
		{"POST", "/faults", `{"latency":-1}`, 400, "negative"},
		{"POST", "/faults", `{"headers":{"X":1}}`, 400, "null to remove"},
		{"POST", "/faults", strings.Repeat(" ", 2<<20), 400, "larger"},
		{"POST", "/organizations", `{"id":"acme"}`, 400, "org_"},
		{"POST", "/keys", `{"key":"sk_live_x"}`, 400, "the fields are restricted"},
		{"POST", "/clock", `{}`, 400, "either"},
		{"POST", "/clock", `{"now":"2024-01-15T12:00:00Z","advance":"1s"}`, 400, "either"},
		{"POST", "/clock", `{"now":"noon"}`, 400, "now: must be a time such as"},
		{"PUT", "/clock", `{}`, 404, "GET /_sandbox/"},
		{"GET", "/nowhere", ``, 404, "GET /_sandbox/"},
	} {
		a := c.send(tc.method, sandbox+tc.path, tc.body)
		var got struct{ Error string }
		decode(t, a.body, &got)
		if a.status != tc.status || !strings.Contains(got.Error, tc.want) {
			t.Errorf("%s %s %.40s = %d %s, want %d and something with %q", tc.method, tc.path, tc.body, a.status, a.body, tc.status, tc.want)
		}
	}
	if got := c.portal.PendingFaults(); got != nil {
		t.Errorf("PendingFaults() = %+v, want none", got)
	}
}

// No web page gets through: neither from another origin nor by a name that resolves
// to here.
func TestControlGuard(t *testing.T) {
	c := serve(t, portaltest.WithBaseURL("https://sandbox.example/prefix"))
	host := func(name string) edit { return func(r *http.Request) { r.Host = name } }
	if a := c.send("GET", sandbox+"/", "", host("host.docker.internal:8787")).want(t, 403); !strings.Contains(a.body, "--public-url http://host.docker.internal:8787") {
		t.Errorf("body = %s, want the flag to use", a.body)
	}
	for _, name := range []string{"evil.example", "127.0.0.1.evil.example:8787", "localhost.evil.example", "sandbox.example.evil.example"} {
		for _, method := range []string{"GET", "POST"} {
			c.send(method, sandbox+"/clock", "", host(name)).want(t, 403)
		}
	}
	for _, name := range []string{"localhost:8787", "127.0.0.1", "[::1]:8787", "10.0.0.7:8787", "sandbox:8787", "acme.localhost:8787", "sandbox.example", "SANDBOX.example:443"} {
		c.send("GET", sandbox+"/clock", "", host(name)).want(t, 200)
	}
	for _, e := range []edit{header("Sec-Fetch-Site", "cross-site"), header("Sec-Fetch-Site", "same-site"), header("Origin", "https://evil.example"), header("Origin", "null")} {
		c.send("POST", sandbox+"/reset", "", e).want(t, 403)
	}
	c.send("POST", sandbox+"/reset", "", header("Sec-Fetch-Site", "same-origin")).want(t, 204)
	a := c.send("GET", sandbox+"/requests", "", header("Origin", "https://evil.example"))
	if a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("another origin may read the control address")
	}
}
