package faults

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write docs/faults.md")

const document = "../../../docs/faults.md"

// docs/faults.md is the table that the tests here hold the client to.
func TestDocument(t *testing.T) {
	want := render()
	if *update {
		if err := os.WriteFile(document, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/faults.md is not what the table says: go -C internal/e2e test ./faults -run TestDocument -update")
	}
}

const preface = `# What happens when…

Every line of this table is a test, in ` + "`internal/e2e/faults`" + `. It goes wrong once, twice and always, for ` + "`GeneratePortalLink` and `ListProviderIcons`" + `, in each dialect. Options are the defaults. The context has no deadline but in the last part.

✓ the call succeeds, ✗ it fails. The number is that of its attempts, and so of the requests unless the line says otherwise. The time is the longest that the call takes: waits are drawn from zero up to 1 s, 2 s and 4 s, counted from the start of the attempt that failed, or are what the server asks for. ` + "The error is a `*client.Error`. It matches what the last column names with `errors.Is` or `errors.As`, or has these words; where it says so, `Hint` names what stands between this host and WorkOS." + `

No line leaves a goroutine behind, and no error shows the API key or a link.

<!-- Made by: go -C internal/e2e test ./faults -run TestDocument -update -->
`

func render() string {
	var b strings.Builder
	b.WriteString(preface)
	for _, ch := range table {
		fmt.Fprintf(&b, "\n## %s\n\n| | Once | Twice | Always | Error |\n| --- | --- | --- | --- | --- |\n", ch.title)
		for _, f := range ch.faults {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", f.label(), f.cell(0), f.cell(1), f.cell(2), f.failure())
		}
	}
	return b.String()
}

// label is what goes wrong, and in which cells.
func (f fault) label() string {
	var notes []string
	if f.only != both {
		notes = append(notes, string(f.only))
	}
	switch {
	case slices.Equal(f.dialects, pinned):
		notes = append(notes, "dialect pinned")
	case slices.Equal(f.dialects, auto):
		notes = append(notes, "dialect to be learned")
	}
	if a := f.arrive; a != nil && f.attempts != (attempts{2, 2, 2}) {
		notes = append(notes, fmt.Sprintf("net/http repeats the request by itself: %d, %d, %d requests", a[0], a[1], a[2]))
	}
	if len(notes) == 0 {
		return f.what
	}
	return f.what + " (" + strings.Join(notes, "; ") + ")"
}

func (f fault) cell(column int) string {
	n, ok := f.outcome(column)
	text := fmt.Sprint("✗ ", n)
	if ok {
		text = fmt.Sprint("✓ ", n)
	}
	if most := f.atMost(n, ok); most > 0 {
		text += fmt.Sprintf(", %v", most.Round(100*time.Millisecond))
	}
	return text
}

func (f fault) failure() string {
	var parts []string
	switch {
	case f.attempts[2] > 0:
		return ""
	case f.status == success:
		parts = append(parts, "2xx")
	case f.status != 0:
		parts = append(parts, fmt.Sprint(f.status))
	}
	for name, sentinel := range sentinels {
		if f.is == sentinel {
			parts = append(parts, "`"+name+"`")
		}
	}
	if f.cause.name != "" {
		parts = append(parts, f.cause.name)
	}
	if f.asks > 0 {
		parts = append(parts, "`RetryAfter` "+f.asks.String())
	}
	if f.between {
		parts = append(parts, "`Hint` names it")
	}
	return strings.Join(parts, ", ")
}
