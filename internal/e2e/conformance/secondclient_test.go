package conformance

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal/client/portaltest"
	"github.com/adminportal-go/adminportal/internal/require"
)

// The document is right for more than one generator.
func TestSecondGeneratedClient(t *testing.T) {
	if testing.Short() {
		t.Skip("starts node")
	}
	t.Parallel()
	node := require.Tool(t, "node", "nodejs npm")
	require.Module(t, "openapi-fetch")
	modules := filepath.Dir(require.Module(t, "openapi-typescript"))
	srv := portaltest.NewServer(t)

	// node looks for packages beside the script and above it, and nowhere else.
	dir := t.TempDir()
	source, err := os.ReadFile("testdata/link.mjs")
	if err != nil {
		t.Fatal(err)
	}
	modules, err = filepath.Abs(modules)
	if err != nil {
		t.Fatal(err)
	}
	contract, err := filepath.Abs(document)
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(dir, "link.mjs")
	if err := os.WriteFile(script, source, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}

	cmd := exec.CommandContext(t.Context(), node, script, contract, srv.URL, srv.APIKey, srv.Organization)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &complaint)
	}
	var got struct {
		Links []string
		Icons int
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if len(got.Links) != 2 || got.Icons == 0 {
		t.Errorf("made %d links and saw %d icons, want 2 and some", len(got.Links), got.Icons)
	}
	if issued := srv.Links(); len(issued) != 2 {
		t.Errorf("the sandbox issued %d links, want 2", len(issued))
	}
}
