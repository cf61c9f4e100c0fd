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

	"github.com/adminportal-go/adminportal/client"
)

// The button on a settings page: the link is made when it is pressed, and the
// admin is sent there at once.
func Example() {
	defer workOS()()

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
	fmt.Println(w.Code, w.Header().Get("Location"))
	// Output: 303 https://id.workos.com/portal/launch?secret=abc123
}

// fail tells the admin what to do, and the operator what happened.
func fail(w http.ResponseWriter, err error) {
	e := new(client.Error)
	errors.As(err, &e)
	log.Printf("%v: %s", err, e.Hint()) // no secret is in either

	switch {
	case errors.Is(err, client.ErrRateLimited):
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
		http.Error(w, "Please try again in a moment.", http.StatusServiceUnavailable)
	case errors.Is(err, client.ErrOrganizationNotFound):
		http.Error(w, "Single sign-on is not available to your organization yet.", http.StatusNotFound)
	default:
		http.Error(w, "Something went wrong on our side.", http.StatusBadGateway)
	}
}

func organizationOf(*http.Request) string { return "org_01EHWNCE74X7JSDV0X3SZ3KJNY" }

// workOS stands in for the service and points the environment at it.
func workOS() (stop func()) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `{"object":"portal_link","link":"https://id.workos.com/portal/launch?secret=abc123","expires_at":"2124-01-15T12:00:00.000Z"}`)
	}))
	_ = os.Setenv("WORKOS_API_KEY", "sk_example_123456789")
	_ = os.Setenv("WORKOS_BASE_URL", srv.URL)
	return func() {
		srv.Close()
		_ = os.Unsetenv("WORKOS_API_KEY")
		_ = os.Unsetenv("WORKOS_BASE_URL")
	}
}
