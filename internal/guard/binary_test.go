package guard

import (
	"os"
	"path/filepath"
	"testing"
)

// What the client may add to a program that makes one call.
const maxGrowth = 1.06

// A program with one call is hardly larger than the same program by hand. What makes
// it grow is as a rule a package with initialisers, or one that reflects so that the
// linker must keep methods: go build -ldflags=-dumpdep tells which.
func TestBinaryGrowsLittle(t *testing.T) {
	if testing.Short() {
		t.Skip("links two programs")
	}
	size := func(name string) float64 {
		t.Helper()
		program := filepath.Join(t.TempDir(), name)
		if _, err := goTool(root, "build", "-o", program, "./internal/guard/testdata/onecall/"+name); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(program)
		if err != nil {
			t.Fatal(err)
		}
		return float64(info.Size())
	}
	hand, ours := size("hand"), size("ours")
	t.Logf("by hand %.0f B, with the client %.0f B: %.3f times", hand, ours, ours/hand)
	if ours > maxGrowth*hand {
		t.Errorf("a program with one call is %.3f times the size of one by hand, want at most %v", ours/hand, maxGrowth)
	}
}
