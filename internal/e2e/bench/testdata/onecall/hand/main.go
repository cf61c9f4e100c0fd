// Command hand makes one portal link with net/http alone: what the program beside
// it is measured by.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

func main() {
	link, err := generate(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(link.URL)
}

type linkRequest struct {
	Organization string `json:"organization"`
	Intent       string `json:"intent"`
	ReturnURL    string `json:"return_url,omitempty"`
}

type portalLink struct {
	URL       string    `json:"link"`
	ExpiresAt time.Time `json:"expires_at"`
}

var httpClient = &http.Client{Timeout: 10 * time.Second}

func generate(ctx context.Context) (*portalLink, error) {
	body, err := json.Marshal(linkRequest{
		Organization: "org_01EHWNCE74X7JSDV0X3SZ3KJNY",
		Intent:       "sso",
		ReturnURL:    "https://example.com/settings",
	})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, os.Getenv("WORKOS_BASE_URL")+"/portal_links", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+os.Getenv("WORKOS_API_KEY"))
	req.Header.Set("Content-Type", "application/json")
	resp, err := httpClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("generate portal link: %s: %s", resp.Status, answer)
	}
	var link portalLink
	if err := json.Unmarshal(answer, &link); err != nil {
		return nil, err
	}
	return &link, nil
}
