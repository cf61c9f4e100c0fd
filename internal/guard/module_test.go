package guard

import (
	"encoding/json"
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
