package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// canned is a transport that answers from memory.
func canned(t testing.TB, status int, body string) *http.Client {
	t.Helper()
	date := time.Now().UTC().Format(http.TimeFormat)
	return &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
		if req.Body != nil {
			_, _ = io.Copy(io.Discard, req.Body)
			_ = req.Body.Close()
		}
		return &http.Response{
			StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
			Header: http.Header{
				"Content-Type": {"application/json"}, "Date": {date},
				"X-Ratelimit-Limit": {"1000000"}, "X-Ratelimit-Remaining": {"999999"}, "X-Ratelimit-Reset": {"60"},
			},
			Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
		}, nil
	})}
}

func cannedLink(t testing.TB) *http.Client {
	t.Helper()
	return canned(t, 200, `{"object":"portal_link","link":"`+testLink+`","expires_at":"`+
		time.Now().Add(10*time.Minute).UTC().Format("2006-01-02T15:04:05.000Z")+`"}`)
}

func BenchmarkInMemory(b *testing.B) {
	b.Run("client", func(b *testing.B) {
		portal := newClient(b, client.WithHTTPClient(cannedLink(b)))
		b.ReportAllocs()
		for b.Loop() {
			generate(b, portal)
		}
	})
	b.Run("byhand", func(b *testing.B) {
		hc := cannedLink(b)
		b.ReportAllocs()
		for b.Loop() {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			body, _ := json.Marshal(struct {
				Organization string `json:"organization"`
				Intent       string `json:"intent"`
				ReturnURL    string `json:"return_url,omitempty"`
			}{sso.Organization, "sso", sso.ReturnURL})
			req, err := http.NewRequestWithContext(ctx, "POST", "https://api.workos.com/portal_links", bytes.NewReader(body))
			if err != nil {
				b.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+testKey)
			req.Header.Set("Content-Type", "application/json")
			resp, err := hc.Do(req)
			if err != nil {
				b.Fatal(err)
			}
			var link struct {
				Link      string
				ExpiresAt time.Time `json:"expires_at"`
			}
			text, err := io.ReadAll(resp.Body)
			if err != nil {
				b.Fatal(err)
			}
			if err := json.Unmarshal(text, &link); err != nil {
				b.Fatal(err)
			}
			resp.Body.Close()
			cancel()
		}
	})
}
