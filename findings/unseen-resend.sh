#!/bin/sh
# A server reads a POST on a kept connection and closes it without an answer. net/http
# sends the request again by itself where it has an Idempotency-Key. go-retryablehttp
# above it, with retries off, counts one attempt and reports success. So a count of
# attempts (or a rate limiter that is asked for each) is short of what the server got.
. "$(dirname "$0")/form"
go_modules github.com/hashicorp/go-retryablehttp@v0.7.8
cat >main.go <<'END'
package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"

	"github.com/hashicorp/go-retryablehttp"
)

func try(key string) {
	var got atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if got.Add(1) == 2 {
			conn, _, _ := http.NewResponseController(w).Hijack()
			_ = conn.Close()
		}
	}))
	defer srv.Close()
	c := retryablehttp.NewClient()
	c.Logger, c.RetryMax = nil, 0
	attempts, failed := 0, 0
	c.RequestLogHook = func(retryablehttp.Logger, *http.Request, int) { attempts++ }
	for range 2 {
		req, _ := retryablehttp.NewRequest(http.MethodPost, srv.URL, []byte(`{}`))
		if key != "" {
			req.Header.Set("Idempotency-Key", key)
		}
		resp, err := c.Do(req)
		if err != nil {
			failed++
			continue
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
	fmt.Printf("%d attempts, %d arrived, %d failed", attempts, got.Load(), failed)
}

func main() {
	fmt.Print("without a key ")
	try("")
	fmt.Print("; with an Idempotency-Key ")
	try("k1")
	fmt.Println()
}
END
report 'without a key 2 attempts, 2 arrived, 1 failed; with an Idempotency-Key the same' \
	"$(go run .)" 'without a key 2 attempts, 2 arrived, 1 failed; with an Idempotency-Key 2 attempts, 3 arrived, 0 failed'
