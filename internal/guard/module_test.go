package guard

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// generator is the tool that makes gen/: pinned by tools.go, linked by nothing.
const generator = "github.com/oapi-codegen/oapi-codegen/"

// go get takes a module as it is: what go.mod asks for reaches its users.
func TestModuleAsksNothingOdd(t *testing.T) {
	var mod struct {
		Module    struct{ Path string }
		Go        string
		Toolchain string
		Replace   []any
		Exclude   []any
		Tool      []any
	}
	out, err := goTool(root, "mod", "edit", "-json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	if mod.Module.Path != module {
		t.Errorf("go.mod: module %s, want %s", mod.Module.Path, module)
	}
	if mod.Replace != nil || mod.Exclude != nil {
		t.Error("go.mod has a replace or an exclude, which hold here and nowhere else")
	}
	if mod.Tool != nil {
		t.Error("go.mod has a tool, which weighs on every user's go.sum: tools live in internal/tools")
	}
	if mod.Toolchain != "" {
		t.Errorf("go.mod asks for toolchain %s: the go line says enough", mod.Toolchain)
	}
}

// The go line is the older of the two releases that CI tests.
func TestOldestGoIsTested(t *testing.T) {
	minimum := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "go.mod"))
	tested := regexp.MustCompile(`go: \[(.*)\]`).FindStringSubmatch(read(t, ".github/workflows/ci.yml"))
	if minimum == nil || tested == nil {
		t.Fatalf("go.mod's go line = %q, ci.yml's matrix = %q, want both", minimum, tested)
	}
	if oldest, _, _ := strings.Cut(tested[1], ","); strings.Trim(oldest, `'" `) != minimum[1] {
		t.Errorf("CI's oldest Go is %s, go.mod's is %s", oldest, minimum[1])
	}
}

// A workflow runs what was read when it was written: an action goes by its commit, with
// the version beside it for people, and gets no permission that the file does not name.
func TestWorkflowsArePinned(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, ".github/workflows/*.yml"))
	if err != nil || len(files) < 2 {
		t.Fatalf("workflows = %q, %v, want at least two", files, err)
	}
	pinned := regexp.MustCompile(`^[\w-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	commits := map[string]string{}
	for _, file := range files {
		text := read(t, strings.TrimPrefix(file, root+"/"))
		if !regexp.MustCompile(`(?m)^permissions:`).MatchString(text) {
			t.Errorf("%s: no permissions for the whole file: jobs would get all that there are", file)
		}
		for _, m := range regexp.MustCompile(`uses: (.*)`).FindAllStringSubmatch(text, -1) {
			if !pinned.MatchString(m[1]) {
				t.Errorf("%s: uses %s: write owner/action@commit # v1.2.3", file, m[1])
			}
			action, _, _ := strings.Cut(m[1], "@")
			if was := commits[action]; was != "" && was != m[1] {
				t.Errorf("%s: uses %s, and elsewhere %s", file, m[1], was)
			}
			commits[action] = m[1]
		}
	}
}

func TestGeneratorIsPinnedAndLeftOut(t *testing.T) {
	imported := func(args ...string) bool {
		t.Helper()
		// -e: the generator is a program, which only tools.go may import.
		out, err := goTool(root, append([]string{"list", "-e", "-f", `{{join .Imports "\n"}}`}, args...)...)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(out), generator)
	}
	if !imported("-tags=tools", ".") {
		t.Error("tools.go does not import the generator: nothing holds its version in go.mod")
	}
	if imported("-test", "./...") {
		t.Error("the generator is imported without the build tag tools")
	}
}
