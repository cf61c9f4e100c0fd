package main

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// A page is what an address answers, redirects followed.
type page struct {
	status string    // such as "404 Not Found"
	date   time.Time // by the server's clock; zero if it does not say
	title  string
	at     time.Time // halfway between request and answer
}

var titleTag = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)

// fetch opens an address without the key. Its errors do not repeat the address,
// which may be a link.
func fetch(ctx context.Context, address string) (*page, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, errors.New("not an address")
	}
	req.Header.Set("User-Agent", userAgent())
	sent := time.Now()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, errors.Unwrap(err) // of a url.Error, which repeats the address
	}
	defer func() { _ = resp.Body.Close() }()
	p := &page{
		status: strings.TrimSpace(fmt.Sprintf("%d %s", resp.StatusCode, http.StatusText(resp.StatusCode))),
		at:     sent.Add(time.Since(sent) / 2),
	}
	p.date, _ = http.ParseTime(resp.Header.Get("Date"))
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20)) // a title is at the start
	if m := titleTag.FindSubmatch(body); m != nil {
		p.title = oneLine(strings.Join(strings.Fields(html.UnescapeString(string(m[1]))), " "))
	}
	return p, nil
}
