package portaltest_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// What cannot be read is a 400 in the dialect's words, and says what is wrong.
func TestMalformedRequests(t *testing.T) {
	c := serve(t)
	valid := c.request("sso")
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, _ = io.WriteString(w, valid)
	_ = w.Close()
	for name, tc := range map[string]struct {
		body  string
		edits []edit
		want  string
	}{
		"half an object":            {`{"organization":`, nil, "valid JSON"},
		"a word":                    {`banana`, nil, "valid JSON"},
		"a stray bracket":           {`{"a":]}`, nil, "valid JSON"},
		"a form":                    {`organization=org_x&intent=sso`, nil, "valid JSON"},
		"trailing garbage":          {valid + `x`, nil, "valid JSON"},
		"a second object":           {valid + valid, nil, "valid JSON"},
		"a list":                    {`[` + valid + `]`, nil, "JSON object"},
		"null":                      {`null`, nil, "JSON object"},
		"a text":                    {`"{}"`, nil, "JSON object"},
		"nothing":                   {``, []edit{header("Content-Type", "application/json")}, "valid JSON"},
		"spaces":                    {`  `, nil, "valid JSON"},
		"a byte order mark":         {"\xef\xbb\xbf" + valid, nil, "valid JSON"},
		"no content type":           {valid, []edit{header("Content-Type")}, "Content-Type"},
		"a form's content type":     {valid, []edit{header("Content-Type", "application/x-www-form-urlencoded")}, "Content-Type"},
		"text as content type":      {valid, []edit{header("Content-Type", "text/plain")}, "Content-Type"},
		"two content types":         {valid, []edit{header("Content-Type", "application/json", "application/json")}, "Content-Type"},
		"an odd content type":       {valid, []edit{header("Content-Type", "application/json; charset")}, "Content-Type"},
		"compressed":                {zipped.String(), []edit{header("Content-Encoding", "gzip")}, "valid JSON"},
		"10 MiB":                    {`{"organization":"` + strings.Repeat("x", 10<<20) + `"}`, nil, "larger than 1 MiB"},
		"an idempotency key of 0":   {valid, []edit{header("Idempotency-Key", "")}, "Idempotency-Key"},
		"an idempotency key of 256": {valid, []edit{header("Idempotency-Key", strings.Repeat("k", 256))}, "Idempotency-Key"},
		"two idempotency keys":      {valid, []edit{header("Idempotency-Key", "a", "b")}, "one value"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{sheetLinks, liveLinks} {
				a := c.send("POST", path, tc.body, tc.edits...).want(t, 400)
				var got struct {
					Code        string
					Message     string
					Description string `json:"error_description"`
				}
				decode(t, a.body, &got)
				if got.Code != "invalid_request" || !strings.Contains(got.Message+got.Description, tc.want) {
					t.Errorf("POST %s = %s, want invalid_request and something with %q", path, a.body, tc.want)
				}
			}
		})
	}
	// The charset that every JSON has is no other content type.
	c.send("POST", sheetLinks, valid, header("Content-Type", "application/json; charset=utf-8")).want(t, 200)
	c.send("POST", sheetLinks, valid, header("Idempotency-Key", strings.Repeat("k", 255))).want(t, 200)
}

// Who has no key learns nothing about the request.
func TestKeyComesFirst(t *testing.T) {
	c := serve(t)
	for _, body := range []string{`{"organization":`, `{}`, strings.Repeat("x", 2<<20)} {
		c.send("POST", sheetLinks, body, key("sk_sandbox_nope")).want(t, 401)
	}
}

// Raw bytes: each is answered with 4xx or closed, and the portal serves on.
func TestRawRequests(t *testing.T) {
	c := serve(t)
	address := strings.TrimPrefix(c.url, "http://")
	auth := "Authorization: Bearer " + c.portal.APIKey + "\r\n"
	for name, raw := range map[string]string{
		"nothing":              "",
		"a line":               "POST /portal_links HTTP/1.1\r\n",
		"no host":              "POST /portal_links HTTP/1.1\r\n\r\n",
		"half a body":          "POST /portal_links HTTP/1.1\r\nHost: x\r\n" + auth + "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"organization\":",
		"half a chunk":         "POST /portal_links HTTP/1.1\r\nHost: x\r\n" + auth + "Transfer-Encoding: chunked\r\n\r\nff\r\n{",
		"a chunk of no length": "POST /portal_links HTTP/1.1\r\nHost: x\r\n" + auth + "Transfer-Encoding: chunked\r\n\r\nbanana\r\n{}\r\n0\r\n\r\n",
		"two lengths":          "POST /portal_links HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
		"length and chunks":    "POST /portal_links HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"a negative length":    "POST /portal_links HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n{}",
		"bad header name":      "GET /provider_icons HTTP/1.1\r\nHost: x\r\nbad header: x\r\n\r\n",
		"bad header value":     "GET /provider_icons HTTP/1.1\r\nHost: x\r\nX: \x00\r\n\r\n",
		"no HTTP":              "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"header flood":         "GET /provider_icons HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X-Flood: "+strings.Repeat("y", 1000)+"\r\n", 3000),
		"no method":            " / HTTP/1.1\r\nHost: x\r\n\r\n",
		"a star":               "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
		"a tunnel":             "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
		"a proxy's request":    "GET http://evil.example/provider_icons HTTP/1.1\r\nHost: evil.example\r\n\r\n",
		"a host that is none":  "GET /provider-icons.json HTTP/1.1\r\nHost: '&;,\r\n\r\n",
		"HTTP/1.0":             "GET /provider-icons.json HTTP/1.0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(20 * time.Second)) // a portal that hangs fails the test
			_, _ = io.WriteString(conn, raw)                       // it may close before it has all
			_ = conn.(*net.TCPConn).CloseWrite()
			answer, err := io.ReadAll(conn)
			if ne, ok := err.(net.Error); ok && ne.Timeout() {
				t.Fatal("neither answered nor closed")
			}
			if len(answer) == 0 {
				return
			}
			resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(answer)), nil)
			if err != nil {
				t.Fatalf("%v in %q", err, answer)
			}
			if resp.StatusCode >= 500 && resp.StatusCode != 501 && resp.StatusCode != 505 {
				t.Errorf("answer = %q, want no server error", answer)
			}
		})
	}
	c.send("POST", sheetLinks, c.request("sso")).want(t, 200)
}

// A sender that is slow with its body keeps nobody else from being served.
func TestSlowBodies(t *testing.T) {
	c := serve(t)
	for range 50 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(c.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = fmt.Fprintf(conn, "POST /portal_links HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
	}
	c.send("POST", sheetLinks, c.request("sso")).want(t, 200)
}
