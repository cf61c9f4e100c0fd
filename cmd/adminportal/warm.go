package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// warm stands in for client.Warm.
func (v *verification) warm(ctx context.Context) error {
	for _, route := range []struct {
		path    string
		dialect client.Dialect
	}{{"/portal_links", client.DialectPortalLinks}, {"/portal/generate_link", client.DialectGenerateLink}} {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(v.service.baseURL, "/")+route.path, strings.NewReader("{}"))
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+v.service.key)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("User-Agent", userAgent())
		hc := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		sent := time.Now()
		resp, err := hc.Do(req)
		if u, ok := errors.AsType[*url.Error](err); ok {
			return &client.Error{Description: u.Err.Error(), Attempts: 1}
		}
		b, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		v.last.Store(&client.Attempt{Dialect: route.dialect, Duration: time.Since(sent)})
		switch resp.StatusCode {
		case 404, 405, 410, 501:
			if !strings.Contains(string(b), "entity_not_found") {
				continue
			}
			return nil
		case 400, 422:
			return nil
		}
		return &client.Error{StatusCode: resp.StatusCode, Attempts: 1}
	}
	return &client.Error{Description: "there is no Admin Portal at " + v.service.baseURL, StatusCode: 404, Attempts: 2}
}
