package fleetsim

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
)

var (
	docs = flag.String("docs", "", "simulate 1,000 replicas, too, and write the table in performance.md and fleet.svg in this folder")
	most = flag.Int("most", 10, "the most replicas")
)

// run simulates all scenarios, as many at a time as there are processors.
func run(t *testing.T, scenarios []Scenario) []Result {
	t.Helper()
	results := make([]Result, len(scenarios))
	t.Run("scenario", func(t *testing.T) {
		for i := range scenarios {
			t.Run(fmt.Sprintf("%s/%d", scenarios[i].Name, scenarios[i].Replicas), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					var err error
					if results[i], err = Run(scenarios[i]); err != nil {
						t.Error(err)
					}
				})
				if *docs != "" && !t.Failed() {
					fmt.Fprint(os.Stderr, row(results[i])) // it takes minutes
				}
			})
		}
	})
	return results
}

// Never refused, nothing hoarded, and no dearer for being many; whatever happens.
func TestFleet(t *testing.T) {
	if *docs != "" {
		*most = 1000
	}
	results := run(t, Scenarios(*most))
	left := len(results)
	results = slices.DeleteFunc(results, func(r Result) bool { return r.Replicas == 0 }) // -run left it out
	left -= len(results)
	var table bytes.Buffer
	if err := Table(&table, results); err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", &table)
	for _, broken := range Broken(results) {
		t.Error(broken)
	}
	if *docs == "" {
		for _, r := range published(t) {
			// Who goes by headers alone is refused by chance: no two runs are alike.
			if k := slices.IndexFunc(results, r.same); k >= 0 && r.Shared {
				for _, different := range compare(r, results[k]) {
					t.Error(different)
				}
			}
		}
		return
	}
	if t.Failed() {
		return
	}
	if left > 0 {
		t.Fatalf("%d scenarios were not run, and the page is of all", left)
	}
	page, err := Page(read(t, "performance.md"), results)
	if err != nil {
		t.Fatal(err)
	}
	var picture bytes.Buffer
	if err := Picture(&picture, results); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"performance.md": page, "fleet.svg": picture.String()} {
		if err := os.WriteFile(filepath.Join(*docs, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Print(table.String())
}
