package sdk

import (
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal/client/portaltest"
	"github.com/adminportal-go/adminportal/internal/require"
)

// majors are the npm packages of the SDK, by major version.
var majors = map[string]string{"11": "@workos-inc/node", "8": "workos-node-8"}

// check runs sdk.mjs against the sandbox at address.
func check(t *testing.T, major string, portal *portaltest.Handler, address string, env ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), require.Tool(t, "node", "nodejs npm"), "testdata/sdk.mjs")
	cmd.Env = append(os.Environ(), "SDK="+filepath.Join(require.Module(t, majors[major]), "lib", "index.mjs"), "MAJOR="+major,
		"SANDBOX_URL="+address, "SANDBOX_KEY="+portal.APIKey, "SANDBOX_ORGANIZATION="+portal.Organization)
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if n := strings.Count(string(out), "ok: "); n != 21 {
		t.Errorf("%d checks held, want 21:\n%s", n, out)
	}
	if left := portal.PendingFaults(); left != nil {
		t.Errorf("these faults hit no request: %+v", left)
	}
}

// Every parameter and every error, a 429 and a cut.
func TestNode(t *testing.T) {
	for major := range majors {
		t.Run(major, func(t *testing.T) {
			t.Parallel()
			srv := portaltest.NewServer(t)
			check(t, major, srv.Handler, srv.URL)
		})
	}
}

// The same behind a proxy that terminates TLS, under a name that the sandbox is told.
func TestNodeBehindTLS(t *testing.T) {
	t.Parallel()
	proxy := httptest.NewUnstartedServer(nil)
	address := "https://" + proxy.Listener.Addr().String()
	portal := portaltest.NewHandler(portaltest.WithBaseURL(address))
	plain := httptest.NewServer(portal)
	t.Cleanup(plain.Close)
	sandbox, err := url.Parse(plain.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy.Config.Handler = &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(sandbox)
		p.Out.Host = p.In.Host
	}}
	proxy.StartTLS()
	t.Cleanup(proxy.Close)
	check(t, "11", portal, address, "NODE_TLS_REJECT_UNAUTHORIZED=0", "NODE_NO_WARNINGS=1")
}
