package client

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
)

// A route is one operation in one dialect, addressed as openapi.yaml says (package
// gen has its words as constants) and prepared once for all its requests.
type route struct {
	operation string // its operationId
	dialect   Dialect
	secured   bool // takes the API key
	limited   bool // is part of the API's budget
	blank     http.Request
	fixed     http.Header // headers that every request has
}

// routes are a client's four, in the order in which calls try them.
type routes struct {
	links, icons []*route // each the reference's first, then the live one
}

func newRoutes(baseURL, cdnURL, userAgent string) (routes, error) {
	var r routes
	for _, op := range []struct {
		list              *[]*route
		dialect           Dialect
		server, operation string
		method, path      string
		secured           bool
	}{
		{&r.links, DialectPortalLinks, baseURL, "generatePortalLink", http.MethodPost, "/portal_links", true},
		{&r.links, DialectGenerateLink, baseURL, "generateLink", http.MethodPost, "/portal/generate_link", true},
		{&r.icons, DialectPortalLinks, baseURL, "listProviderIcons", http.MethodGet, "/provider_icons", true},
		{&r.icons, DialectGenerateLink, cdnURL, "listCDNProviderIcons", http.MethodGet, "/provider-icons.json", false},
	} {
		u, err := url.Parse(op.server + op.path)
		if err != nil {
			return r, err
		}
		fixed := http.Header{"Accept": {"application/json"}, "User-Agent": {userAgent}}
		if op.method != http.MethodGet {
			fixed["Content-Type"] = []string{"application/json"}
		}
		*op.list = append(*op.list, &route{
			operation: op.operation,
			dialect:   op.dialect,
			secured:   op.secured,
			limited:   op.secured, // what needs no key comes from a CDN
			blank: http.Request{
				Method: op.method, URL: u, Host: u.Host,
				Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			},
			fixed: fixed,
		})
	}
	return r, nil
}

// mayBeAbsent reports whether a status may mean that the route is not there. Of a
// public file 401 and 403 say so too: there is nothing to be authorized for.
func (r *route) mayBeAbsent(status int) bool {
	return status == http.StatusNotFound ||
		!r.secured && (status == http.StatusUnauthorized || status == http.StatusForbidden)
}

// only is the route of a dialect, or all of them while it is to be found out.
func only(all []*route, d Dialect) []*route {
	for i, r := range all {
		if r.dialect == d {
			return all[i : i+1]
		}
	}
	return all
}

// idempotencyHeader is the same for both routes that have it.
var idempotencyHeader = "Idempotency-Key"

// request makes one attempt's request. The key is set on the request itself and
// never by a RoundTripper, which would set it again on whatever follows.
//
// GetBody stays nil: with it net/http would replay a POST by itself when a kept
// connection turns out dead. Without it each resend is ours, passes the gate and is
// observed. (A GET it may still replay, and nothing can prevent that.)
func (r *route) request(ctx context.Context, key, idempotencyKey string, payload []byte) *http.Request {
	// One allocation for what is this request's own.
	own := &struct {
		url    url.URL
		body   bytes.Reader
		values [2]string
	}{url: *r.blank.URL}
	req := r.blank.WithContext(ctx)
	req.URL = &own.url
	req.Header = maps.Clone(r.fixed)
	if key != "" {
		own.values[0] = "Bearer " + key
		req.Header["Authorization"] = own.values[0:1:1]
	}
	if idempotencyKey != "" {
		own.values[1] = idempotencyKey
		req.Header[idempotencyHeader] = own.values[1:2:2]
	}
	if payload != nil {
		own.body.Reset(payload)
		// A reader that net/http knows leaves in one packet with the headers; for any
		// other they go ahead, and the body is written after them.
		req.Body = io.NopCloser(&own.body)
		req.ContentLength = int64(len(payload))
	}
	return req
}
