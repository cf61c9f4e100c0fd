package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"testing"
)

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

func TestPictureIsXML(t *testing.T) {
	var r report
	r.add(section{charts: []chart{{"a < b", []bar{{"ours & theirs", "1.00×", 1, true}, {"nothing", "0", 0, false}}}}})
	var b bytes.Buffer
	if err := r.svg(&b); err != nil {
		t.Fatal(err)
	}
	for dec := xml.NewDecoder(&b); ; {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
