package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// A verification goes through the checks.
type verification struct {
	*app
	connection
	organization string // of --mint
	mint         bool
	service      *service
	checks       []check
}

func (a *app) verifyCommand() *cobra.Command {
	v := &verification{app: a}
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check that key and service work",
		Long:  text("verify"),
		RunE:  func(cmd *cobra.Command, _ []string) error { return v.verify(cmd.Context()) },
	}
	cmd.Flags().StringVar(&v.organization, "org", "", "the `organization` for --mint, org_… (on the sandbox, by default its own)")
	cmd.Flags().BoolVar(&v.mint, "mint", false, "make a link, too, and open its page")
	v.flags(cmd)
	a.jsonFlag(cmd)
	return cmd
}

func (v *verification) verify(ctx context.Context) (err error) {
	if v.service, err = v.connect(ctx, v.connection, ""); err != nil {
		return err
	}
	defer v.service.close()
	if v.mint || v.organization != "" {
		if v.organization, err = v.service.organizationOr(v.organization); err != nil {
			return err
		}
	}
	bounded, cancel := context.WithTimeout(ctx, v.timeout)
	defer cancel()
	v.run(bounded)
	if ctx.Err() != nil {
		return ctx.Err() // an unfinished list says nothing
	}
	return v.print()
}

// A check is one line of the checklist.
type check struct {
	Name   string `json:"name"`
	Status string `json:"status"`
	Seen   string `json:"seen"`
	Fix    string `json:"fix,omitempty"`

	exit int // if it failed
}

// checkNames are the checks in their order.
var checkNames = []string{"key_form", "reachable", "key_accepted", "dialect", "icons", "rate_limit", "clock", "link", "page"}

// add appends the next check. Its text may be the server's.
func (v *verification) add(status, seen, fix string, exit int) {
	v.checks = append(v.checks, check{checkNames[len(v.checks)], status, oneLine(seen), oneLine(fix), exit})
}

func (v *verification) ok(format string, args ...any) {
	v.add("ok", fmt.Sprintf(format, args...), "", exitDone)
}

// note is for what is unusual and harmless.
func (v *verification) note(seen, fix string) { v.add("note", seen, fix, exitDone) }

// fail adds a failed check with what an error says.
func (v *verification) fail(ctx context.Context, err error) {
	f := diagnose(ctx, v.service.explain(err), "")
	v.add("failed", strings.TrimPrefix(f.Message, "warm up: "), f.Hint, f.exit)
}

// skip skips the next n checks, or as many as there are.
func (v *verification) skip(n int, why string) {
	for ; n > 0 && len(v.checks) < len(checkNames); n-- {
		v.add("skipped", why, "", exitDone)
	}
}

// severity has the exit codes from the worst on.
var severity = []int{exitUnreachable, exitUnauthorized, exitRateLimited, exitUsage, exitFailed}

// print prints the list and returns its exit code, even if nobody reads the list.
func (v *verification) print() error {
	failed, worst := 0, len(severity)
	for _, c := range v.checks {
		if c.Status == "failed" {
			failed++
			worst = min(worst, slices.Index(severity, c.exit))
		}
	}
	var err error
	if v.json {
		err = v.out.json(struct {
			OK      bool    `json:"ok"`
			BaseURL string  `json:"base_url"`
			Sandbox bool    `json:"sandbox"`
			Checks  []check `json:"checks"`
		}{failed == 0, v.service.baseURL, v.service.sandbox != nil, v.checks}, v.out.tty)
	} else {
		err = v.out.write(v.list(failed))
	}
	if failed > 0 && (err == nil || v.out.closed()) {
		return exitCode(severity[worst])
	}
	return err
}

func (v *verification) list(failed int) string {
	marks := map[string]string{
		"ok": v.out.paint(green, "✓"), "note": v.out.paint(yellow, "!"), "failed": v.out.paint(red, "✗"), "skipped": "-",
	}
	var b strings.Builder
	for _, c := range v.checks {
		title := strings.ReplaceAll(strings.ToUpper(c.Name[:1])+c.Name[1:], "_", " ")
		fmt.Fprintf(&b, "%s %-14s %s\n", marks[c.Status], title, c.Seen)
		if c.Fix != "" {
			fmt.Fprintf(&b, "  %-14s fix: %s\n", "", c.Fix)
		}
	}
	if failed > 0 {
		return b.String() + fmt.Sprintf("\n%d of %d checks failed.\n", failed, len(v.checks))
	}
	if slices.ContainsFunc(v.checks, func(c check) bool { return c.Status == "note" }) {
		return b.String() + "\nIt works; see the notes above.\n"
	}
	return b.String() + "\nAll is well.\n"
}

// keyKind matches the start that all keys of an environment share: sk_test_, sk_live_.
var keyKind = regexp.MustCompile(`^sk_(?:[a-z]{1,10}_)?`)

// maskedKey shows enough of a key to recognize it.
func maskedKey(key string) string {
	masked := keyKind.FindString(key) + "…"
	if len(key) >= 24 {
		masked += key[len(key)-4:]
	}
	return fmt.Sprintf("%s (%d characters)", masked, len(key))
}
