#!/bin/sh
# A client asks until a connection is no longer pending: resty, with a retry condition on the
# result. resty decodes each answer into the same struct. A field that only an earlier answer
# had stays: the active connection has the reason why it was pending. So do v2 and v3.
. "$(dirname "$0")/form"
go_modules github.com/go-resty/resty/v2@v2.17.2 resty.dev/v3@v3.0.0-rc.4
cat >main.go <<'END'
package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	resty2 "github.com/go-resty/resty/v2"
	resty3 "resty.dev/v3"
)

type connection struct {
	State  string `json:"state"`
	Reason string `json:"reason"`
}

func pending(result any) bool {
	c, ok := result.(*connection)
	return ok && c.State == "pending"
}

func main() {
	answers := []string{`{"state":"pending","reason":"no certificate"}`, `{"state":"active"}`}
	n := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, answers[min(n, 1)])
		n++
	}))
	two, err := resty2.New().SetRetryCount(3).SetRetryWaitTime(time.Millisecond).
		AddRetryCondition(func(r *resty2.Response, _ error) bool { return pending(r.Result()) }).
		R().SetResult(&connection{}).Get(srv.URL)
	if err != nil {
		panic(err)
	}
	fmt.Printf("v2 after %d requests: %+v", n, *two.Result().(*connection))
	n = 0
	three, err := resty3.New().SetRetryCount(3).SetRetryWaitTime(time.Millisecond).
		AddRetryConditions(func(r *resty3.Response, _ error) bool { return pending(r.Result()) }).
		R().SetResult(&connection{}).Get(srv.URL)
	if err != nil {
		panic(err)
	}
	fmt.Printf("; v3 after %d requests: %+v\n", n, *three.Result().(*connection))
}
END
report 'v2 after 2 requests: {State:active Reason:}; v3 after 2 requests: {State:active Reason:}' "$(go run .)" \
	'v2 after 2 requests: {State:active Reason:no certificate}; v3 after 2 requests: {State:active Reason:no certificate}'
