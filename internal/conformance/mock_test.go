package conformance

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/adminportal-go/adminportal/client"
)

// calls makes the client's call for each operation of the document.
var calls = map[string]func(*testing.T, string, *http.Client) error{
	"generatePortalLink": func(t *testing.T, url string, h *http.Client) error {
		return link(t, url, h, client.DialectPortalLinks)
	},
	"generateLink": func(t *testing.T, url string, h *http.Client) error {
		return link(t, url, h, client.DialectGenerateLink)
	},
	"listProviderIcons": func(t *testing.T, url string, h *http.Client) error {
		return icons(t, url, h, client.DialectPortalLinks)
	},
	"listCDNProviderIcons": func(t *testing.T, url string, h *http.Client) error {
		return icons(t, url, h, client.DialectGenerateLink)
	},
}

func newClient(t *testing.T, url, key string, h *http.Client, d client.Dialect) *client.Client {
	t.Helper()
	// One attempt: Prism's 429 carries the document's Retry-After, which is honoured.
	portal, err := client.New(key, client.WithBaseURL(url), client.WithHTTPClient(h),
		client.WithDialect(d), client.WithRetry(client.RetryPolicy{MaxAttempts: 1}))
	if err != nil {
		t.Fatal(err)
	}
	return portal
}

func link(t *testing.T, url string, h *http.Client, d client.Dialect) error {
	got, err := newClient(t, url, "sk_test_1", h, d).GeneratePortalLink(t.Context(), client.PortalLinkRequest{
		Organization: "org_01EHWNCE74X7JSDV0X3SZ3KJNY",
		Intent:       client.IntentSSO,
		ReturnURL:    "https://example.com/settings",
	})
	if err == nil && got.URL == "" {
		t.Error("a link without URL")
	}
	return err
}

func icons(t *testing.T, url string, h *http.Client, d client.Dialect) error {
	got, err := newClient(t, url, "sk_test_1", h, d).ListProviderIcons(t.Context())
	if err == nil && len(got) == 0 {
		t.Error("no icons")
	}
	return err
}

// Every example of every status that the document lists, as Prism serves it, is what
// the client makes of that status.
func TestClientOnTheMock(t *testing.T) {
	data, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		t.Fatal(err)
	}
	url := prism(t, "mock")
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			call := calls[op.OperationID]
			if call == nil {
				t.Errorf("no call for %s: add it to calls", op.OperationID)
				continue
			}
			for code, response := range op.Responses.Map() {
				status, err := strconv.Atoi(code)
				if err != nil {
					t.Fatal(err)
				}
				for _, media := range response.Value.Content {
					for example := range media.Examples {
						t.Run(fmt.Sprintf("%s/%d/%s", op.OperationID, status, example), func(t *testing.T) {
							err := call(t, url, &http.Client{Transport: prefer{status, example}})
							if op.OperationID == "listCDNProviderIcons" && status == 404 {
								// A file that the CDN does not have is no organization that does not exist.
								var e *client.Error
								if !errors.As(err, &e) || e.StatusCode != status || errors.Is(err, client.ErrOrganizationNotFound) {
									t.Errorf("%v, want a 404 that is about no organization", err)
								}
								return
							}
							check(t, status, err)
						})
					}
				}
			}
		}
	}
}

var sentinels = map[int]error{
	400: client.ErrInvalidRequest, 422: client.ErrInvalidRequest,
	401: client.ErrUnauthorized, 403: client.ErrUnauthorized,
	404: client.ErrOrganizationNotFound, 429: client.ErrRateLimited, 500: client.ErrServer,
}

func check(t *testing.T, status int, err error) {
	t.Helper()
	if status < 300 {
		if err != nil {
			t.Errorf("%d: %v, want no error", status, err)
		}
		return
	}
	var e *client.Error
	if !errors.As(err, &e) || e.StatusCode != status {
		t.Fatalf("%v, want a *client.Error of status %d", err, status)
	}
	if e.Hint() == "" {
		t.Errorf("%d: no hint", status)
	}
	if want := sentinels[status]; !errors.Is(err, want) {
		t.Errorf("%v does not match %v", err, want)
	}
}
