#!/bin/sh
# go-limiter says when to come back as a date in "UTC", where HTTP wants "GMT": net/http's
# own parser does not read it. The date has whole seconds, cut, so it comes up to a
# second too early. go-retryablehttp reads the date, finds it past in that last fraction of a
# second, and makes all its attempts there without a pause.
. "$(dirname "$0")/form"
go_modules github.com/sethvargo/go-limiter@v0.7.1 github.com/hashicorp/go-retryablehttp@v0.7.8
cat >main.go <<'END'
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/sethvargo/go-limiter/httplimit"
	"github.com/sethvargo/go-limiter/memorystore"
)

func main() {
	// Begin in the middle of a second, so that the cut is half a second.
	time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(1500 * time.Millisecond)))
	store, _ := memorystore.New(&memorystore.Config{Tokens: 1, Interval: 3 * time.Second})
	limit, _ := httplimit.NewMiddleware(store, httplimit.IPKeyFunc())
	srv := httptest.NewServer(limit.Handle(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
	var answer *http.Response
	for range 2 {
		answer, _ = http.Get(srv.URL)
		answer.Body.Close()
	}
	_, err := http.ParseTime(answer.Header.Get("Retry-After"))
	fmt.Printf("%d, http.ParseTime reads Retry-After: %t", answer.StatusCode, err == nil)
	c := retryablehttp.NewClient()
	c.Logger = nil
	requests := 0
	c.RequestLogHook = func(retryablehttp.Logger, *http.Request, int) { requests++ }
	resp, err := c.Get(srv.URL)
	if err == nil {
		resp.Body.Close()
	}
	fmt.Printf("; go-retryablehttp: %d requests, failed: %t\n", requests, err != nil)
}
END
report '429, http.ParseTime reads Retry-After: true; go-retryablehttp: 2 requests, failed: false' \
	"$(go run .)" '429, http.ParseTime reads Retry-After: false; go-retryablehttp: 5 requests, failed: true'
