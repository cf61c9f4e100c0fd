package main

import "testing"

// Every way makes the call, in memory and over loopback.
func TestWays(t *testing.T) {
	srv := newLoopback(generous())
	defer srv.Close()
	if _, err := opened(ways, newMemory(), sandbox); err != nil {
		t.Error(err)
	}
	if _, err := opened(ways, nil, srv.URL); err != nil {
		t.Error(err)
	}
}
