#!/bin/sh
# httprate counts a sliding window and names the end of a fixed one in X-RateLimit-Reset.
# Then the requests of the window before still count nearly in full, so hardly anything
# is free at the moment that the header names, nor a second later.
. "$(dirname "$0")/form"
go_modules github.com/go-chi/httprate@v0.16.1
cat >main.go <<'END'
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"

	"github.com/go-chi/httprate"
)

func main() {
	srv := httptest.NewServer(httprate.LimitAll(10, 10*time.Second)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
	burst := func() (accepted int, reset string) {
		for range 10 {
			resp, _ := http.Get(srv.URL)
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				accepted++
			}
			reset = resp.Header.Get("X-RateLimit-Reset")
		}
		return accepted, reset
	}
	first, reset := burst()
	epoch, _ := strconv.ParseInt(reset, 10, 64)
	time.Sleep(time.Until(time.Unix(epoch+1, 0))) // the header has whole seconds: wait them out
	second, _ := burst()
	after := fmt.Sprint(second)
	if second <= 3 { // it depends on the fraction of a second that the header leaves out
		after = "at most 3"
	}
	fmt.Printf("%d of 10 in the first window, %s of 10 after the reset\n", first, after)
}
END
report '10 of 10 in the first window, 10 of 10 after the reset' \
	"$(go run .)" '10 of 10 in the first window, at most 3 of 10 after the reset'
