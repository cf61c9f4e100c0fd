package portalhttp_test

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
)

// A session is whatever your service knows of the person.
type session struct {
	Organization string
	IsAdmin      bool
}

// sessionOf returns nil if nobody is signed in.
func sessionOf(*http.Request) *session { return &session{organization, true} }

// The handler behind a form on the settings page. data-turbo="false" matters only under Turbo:
//
//	<form method="post" action="/configure/sso" data-turbo="false"><button>Configure SSO</button></form>
func Example() {
	var portal portalhttp.Portal = new(fake) // in a service: client.NewFromEnv()

	configureSSO := portalhttp.NewHandler(portal, func(r *http.Request) (client.PortalLinkRequest, error) {
		session := sessionOf(r)
		if session == nil {
			return client.PortalLinkRequest{}, portalhttp.ErrUnauthenticated
		}
		if !session.IsAdmin {
			return client.PortalLinkRequest{}, portalhttp.ErrForbidden
		}
		return client.PortalLinkRequest{
			Organization: session.Organization, // never from the form
			Intent:       client.IntentSSO,
		}, nil
	}, portalhttp.WithReturnURL("https://example.com/settings"))
	http.Handle("/configure/sso", configureSSO)

	answer := httptest.NewRecorder()
	http.DefaultServeMux.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/configure/sso", nil))
	fmt.Println(answer.Code, answer.Header().Get("Cache-Control"), answer.Header().Get("Referrer-Policy"))
	// Output: 303 no-store no-referrer
}

// One handler for all features: the path says which, and the function knows which there are.
func ExampleNewHandler() {
	features := map[string]client.Intent{"sso": client.IntentSSO, "directory-sync": client.IntentDsync}
	portal := new(fake)
	h := portalhttp.NewHandler(portal, func(r *http.Request) (client.PortalLinkRequest, error) {
		session := sessionOf(r)
		intent, ok := features[r.PathValue("feature")]
		if session == nil || !ok {
			return client.PortalLinkRequest{}, portalhttp.ErrForbidden
		}
		return client.PortalLinkRequest{Organization: session.Organization, Intent: intent}, nil
	}, portalhttp.WithReturnURL("https://example.com/settings"), portalhttp.WithLogger(nil))
	mux := http.NewServeMux()
	mux.Handle("/configure/{feature}", h)

	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/configure/directory-sync", nil))
	fmt.Println(answer.Code, portal.seen[0].Intent)
	// Output: 303 dsync
}

// Those who are signed out are led to the sign-in page. Everything else keeps the page of the package.
func ExampleWithErrorHandler() {
	h := portalhttp.NewHandler(new(fake), func(*http.Request) (client.PortalLinkRequest, error) {
		return client.PortalLinkRequest{}, portalhttp.ErrUnauthenticated
	}, portalhttp.WithLogger(nil), portalhttp.WithErrorHandler(func(w http.ResponseWriter, r *http.Request, err error) {
		if errors.Is(err, portalhttp.ErrUnauthenticated) {
			http.Redirect(w, r, "/login", http.StatusSeeOther)
			return
		}
		err.(*portalhttp.Failure).ServeHTTP(w, r)
	}))

	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/configure/sso", nil))
	fmt.Println(answer.Code, answer.Header().Get("Location"))
	// Output: 303 /login
}

func ExampleIconFuncs() {
	catalog := listing()                     // in a service: client.NewIconCatalog(portal)
	_, _ = catalog.All(context.Background()) // in a service: catalog.Warm() at startup

	page := template.Must(template.New("page").Funcs(portalhttp.IconFuncs(catalog)).Parse(`<li>{{providerIcon "SlackOAuth" 24 ""}} Slack</li>`))
	_ = page.Execute(os.Stdout, nil)
	// Output: <li><img src="https://cdn.example/slack.svg" alt="" width="24" height="24" decoding="async" referrerpolicy="no-referrer"> Slack</li>
}
