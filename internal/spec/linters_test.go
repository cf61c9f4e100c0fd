package spec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/adminportal-go/adminportal/internal/require"
)

const tools = "../tools"

// lint returns what Redocly and Spectral say of documents, by the name of each. Both read all
// documents in one process, since a start takes them longer than a document.
func lint(t *testing.T, documents map[string][]byte) map[string][]string {
	t.Helper()
	node := require.Tool(t, "node", "nodejs npm")
	dir := t.TempDir()
	var files []string
	for _, name := range slices.Sorted(maps.Keys(documents)) {
		file := filepath.Join(dir, name)
		must(t, os.WriteFile(file, documents[name], 0o600))
		files = append(files, file)
	}
	found := map[string][]string{}
	for dec := json.NewDecoder(run(t, node, "@redocly/cli", "redocly", append([]string{"lint", "--config", tools + "/redocly.yaml", "--format", "json", "--max-problems", "1000"}, files...))); ; {
		var report struct {
			Problems []struct {
				RuleID, Message string
				Location        []struct {
					Source  struct{ Ref string }
					Pointer string
				}
			}
		}
		if err := dec.Decode(&report); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("redocly: %v", err)
		}
		for _, p := range report.Problems {
			name := filepath.Base(p.Location[0].Source.Ref)
			found[name] = append(found[name], fmt.Sprintf(" %s: %s: fix it (Redocly, rule %s)", p.Location[0].Pointer, p.Message, p.RuleID))
		}
	}
	var results []struct {
		Code, Message, Source string
		Range                 struct{ Start struct{ Line int } }
	}
	if err := json.NewDecoder(run(t, node, "@stoplight/spectral-cli", "spectral", append([]string{"lint", "--ruleset", tools + "/spectral.yaml", "--format", "json", "--quiet"}, files...))).Decode(&results); err != nil {
		t.Fatalf("spectral: %v", err)
	}
	for _, r := range results {
		name := filepath.Base(r.Source)
		found[name] = append(found[name], fmt.Sprintf("%d: %s: fix it (Spectral, rule %s)", r.Range.Start.Line+1, r.Message, r.Code))
	}
	return found
}

// run returns what a program of an npm package prints. It does not end with 0 when it found something.
func run(t *testing.T, node, npmPackage, program string, args []string) io.Reader {
	t.Helper()
	require.Module(t, npmPackage)
	cmd := exec.Command(node, append([]string{filepath.Join(tools, "node_modules", ".bin", program)}, args...)...)
	cmd.Env = append(os.Environ(), "REDOCLY_TELEMETRY=off", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true", "NO_COLOR=1")
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil && out.Len() == 0 {
		t.Fatalf("%s: %v\n%s", program, err, complaint.Bytes())
	}
	return &out
}
