package faults

import (
	"errors"
	"flag"
	"fmt"
	"os"
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

Every line of this table is a test: it goes wrong once, twice and for ever, for ` + "`GeneratePortalLink` and `ListProviderIcons`" + `, in each dialect. Options are the defaults, and the context has no deadline; with one, a call is over by then.

✓ the call succeeds, ✗ it fails. The number is that of its attempts, and so of the requests unless the line says otherwise. The time is the longest that the call takes: waits are drawn from zero up to 1 s, 2 s and 4 s, or are what the server asks for. ` + "The error is a `*client.Error`; it matches what the last column names with `errors.Is` or `errors.As`, or has these words." + `

No line leaves a connection or a goroutine behind, and no error shows the API key or a link.

<!-- Made by: go -C internal/e2e test ./faults -run TestDocument -update -->
`

func render() string {
	var b strings.Builder
	b.WriteString(preface)
	for _, ch := range table {
		fmt.Fprintf(&b, "\n## %s\n\n| | Once | Twice | For ever | Error |\n| --- | --- | --- | --- | --- |\n", ch.title)
		for _, f := range ch.faults {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", f.label(), f.outcome(0), f.outcome(1), f.outcome(2), f.failure())
		}
	}
	return b.String()
}

// label is what goes wrong, and in which cells.
func (f fault) label() string {
	var notes []string
	if f.where.only != both {
		notes = append(notes, f.where.only.String())
	}
	if len(f.where.dialects) == len(pinned) {
		notes = append(notes, "dialect pinned")
	} else if len(f.where.dialects) == len(auto) {
		notes = append(notes, "dialect to be learned")
	}
	if a := f.arrive; a != nil {
		last := fmt.Sprint(a[2])
		if a[2] < 0 {
			last = fmt.Sprint("at least ", -a[2])
		}
		notes = append(notes, fmt.Sprintf("net/http repeats a GET by itself: %d, %d, %s requests", a[0], a[1], last))
	}
	if len(notes) == 0 {
		return f.what
	}
	return f.what + " (" + strings.Join(notes, "; ") + ")"
}

func (f fault) outcome(column int) string {
	n, sign := f.attempts[column], "✓"
	if n < 0 {
		n, sign = -n, "✗"
	}
	text := fmt.Sprintf("%s %d", sign, n)
	if most := f.atMost(n, sign == "✓"); most > 0 {
		text += fmt.Sprintf(", %v", most.Round(time.Second))
	}
	return text
}

func (f fault) failure() string {
	if f.attempts == harmless {
		return ""
	}
	var parts []string
	switch f.status {
	case 0:
	case success:
		parts = append(parts, "2xx")
	default:
		parts = append(parts, fmt.Sprint(f.status))
	}
	for name, sentinel := range sentinels {
		if f.is != nil && errors.Is(f.is, sentinel) {
			parts = append(parts, "`"+name+"`")
		}
	}
	if f.cause.name != "" {
		parts = append(parts, f.cause.name)
	}
	if f.asks > 0 {
		parts = append(parts, "`RetryAfter` "+f.asks.String())
	}
	return strings.Join(parts, ", ")
}
