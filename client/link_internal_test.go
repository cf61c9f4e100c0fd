package client

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A host whose clock is set, by a person or by NTP, keeps counting right: time.Since
// goes by the monotonic reading, which Round, UTC or a trip through JSON would drop.
func TestLifeIsCountedOnTheMonotonicClock(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"link":"https://id.workos.com/portal/launch?secret=s","expires_at":"2100-01-01T00:00:00Z"}`))
	}))
	defer srv.Close()
	portal, err := New("sk_test_1234567890", WithBaseURL(srv.URL))
	if err != nil {
		t.Fatal(err)
	}
	link, err := portal.GeneratePortalLink(t.Context(), PortalLinkRequest{Organization: "org_1", Intent: IntentSSO})
	if err != nil {
		t.Fatal(err)
	}
	if counted := link.origin.counted.String(); !strings.Contains(counted, " m=") {
		t.Errorf("life is counted from %s, which has no monotonic reading", counted)
	}
}
