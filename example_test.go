package adminportal_test

import (
	"errors"
	"fmt"
	"log"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

// The button on a settings page: the link is made when it is pressed, and the
// admin is sent there at once.
func Example() {
	srv := portaltest.NewServer(nil)
	defer srv.Close()
	setenv("WORKOS_API_KEY", srv.APIKey)
	setenv("WORKOS_BASE_URL", srv.URL)
	organizationOf := func(*http.Request) string { return srv.Organization }

	portal, err := client.NewFromEnv() // WORKOS_API_KEY
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("POST /configure/sso", func(w http.ResponseWriter, r *http.Request) {
		link, err := portal.GeneratePortalLink(r.Context(), client.PortalLinkRequest{
			Organization: organizationOf(r), // from the session, never from the form
			Intent:       client.IntentSSO,
			ReturnURL:    "https://example.com/settings",
		})
		if err != nil {
			fail(w, err)
			return
		}
		http.Redirect(w, r, link.URL, http.StatusSeeOther)
	})

	w := httptest.NewRecorder()
	http.DefaultServeMux.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/configure/sso", nil))
	fmt.Println(w.Code, strings.HasPrefix(w.Header().Get("Location"), srv.URL))
	// Output: 303 true
}

// fail tells the admin what to do, and the operator what happened.
func fail(w http.ResponseWriter, err error) {
	e := new(client.Error)
	errors.As(err, &e)
	log.Printf("%v: %s", err, e.Hint()) // no secret is in either

	switch {
	case errors.Is(err, client.ErrRateLimited):
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(max(1, e.RetryAfter.Seconds())))))
		http.Error(w, "Please try again in a moment.", http.StatusServiceUnavailable)
	case errors.Is(err, client.ErrOrganizationNotFound):
		http.Error(w, "Single sign-on is not available to your organization yet.", http.StatusInternalServerError)
	default:
		http.Error(w, "Something went wrong on our side.", http.StatusBadGateway)
	}
}

func setenv(key, value string) {
	if err := os.Setenv(key, value); err != nil {
		log.Fatal(err)
	}
}

// What a service's own test looks like.
func TestConfigureDsync(t *testing.T) {
	srv := portaltest.NewServer(t)
	portal, err := client.New(srv.APIKey, client.WithBaseURL(srv.URL))
	if err != nil {
		t.Fatal(err)
	}
	// Once: the client tries again.
	srv.Fail(portaltest.Fault{Operation: portaltest.OperationGeneratePortalLink, Status: http.StatusServiceUnavailable})
	link, err := portal.GeneratePortalLink(t.Context(), client.PortalLinkRequest{
		Organization: srv.Organization,
		Intent:       client.IntentDsync,
	})
	if err != nil || link.Expired() || !srv.Requests()[0].Fault {
		t.Errorf("GeneratePortalLink = %v, %v, want a fresh link after a failure", link, err)
	}
}
