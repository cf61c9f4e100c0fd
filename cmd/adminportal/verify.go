package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// verifyOptions are verify's flags.
type verifyOptions struct {
	connection
	organization string
	mint         bool
}

func (a *app) verifyCommand() *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check that key and service work",
		Long: `Go through what an integration needs, step by step: the key's form, whether the
service is reachable and accepts the key, which dialect it speaks, the icons, the
rate limit, and this host's clock. Each line says what was seen and, where it is
not right, the fix.

No link is made: to learn whether the key is accepted, verify asks for a link
without naming an organization, which the service can only refuse, and looks at
how. With --mint a link is made for the organization, and its page opened.`,
		Example: `  adminportal verify
  adminportal verify --mint --org org_01EHWNCE74X7JSDV0X3SZ3KJNY
  adminportal verify --json | jq -r '.checks[] | select(.status == "failed") | .fix'`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.verify(cmd.Context(), o) },
	}
	cmd.Flags().StringVar(&o.organization, "org", "", "the `organization` for --mint, org_… (on the sandbox: its own)")
	cmd.Flags().BoolVar(&o.mint, "mint", false, "make a link, too, and open its page")
	o.flags(cmd)
	a.jsonFlag(cmd)
	complete(cmd, "org")
	return cmd
}

func (a *app) verify(ctx context.Context, o verifyOptions) error {
	if o.organization != "" && !strings.HasPrefix(o.organization, "org_") {
		return usagef("--org must be an organization's ID: it starts with org_")
	}
	s, err := a.service(ctx, o.connection, "")
	if err != nil {
		return err
	}
	defer s.close()
	if o.mint {
		if o.organization, err = s.organizationOr(o.organization); err != nil {
			return err
		}
	}
	bounded, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	v := verification{app: a, service: s, options: o}
	v.run(bounded)
	if ctx.Err() != nil {
		return ctx.Err() // what was cut short says nothing
	}
	return a.printChecks(s, v.checks)
}

// A check is one line of the checklist.
type check struct {
	Name   string `json:"name"`
	Status status `json:"status"`
	Seen   string `json:"seen"`
	Fix    string `json:"fix,omitempty"`

	exit int // of a failed one
}

type status string

const (
	statusOK      status = "ok"
	statusNote    status = "note" // not as usual, and no harm
	statusFailed  status = "failed"
	statusSkipped status = "skipped" // an earlier failure stands in the way, or it was not asked for
)

// What verify checks, in order: the names in JSON, and those for people.
var checkTitles = [][2]string{
	{"key_form", "Key form"},
	{"reachable", "Reachable"},
	{"key_accepted", "Key accepted"},
	{"dialect", "Dialect"},
	{"icons", "Icons"},
	{"rate_limit", "Rate limit"},
	{"clock", "Clock"},
	{"link", "Link"},
	{"page", "Portal page"},
}

// checkNames is for the help.
const checkNames = "key_form, reachable, key_accepted,\n  dialect, icons, rate_limit, clock, link, page"

// severity has the exit codes from the worst on.
var severity = []int{exitUnreachable, exitUnauthorized, exitRateLimited, exitUsage, exitFailed}

func (a *app) printChecks(s *service, checks []check) error {
	failed, code := 0, exitDone
	for _, bad := range severity {
		for _, c := range checks {
			if c.Status == statusFailed && c.exit == bad {
				if failed++; code == exitDone {
					code = bad
				}
			}
		}
	}
	var err error
	if a.json {
		err = a.out.json(struct {
			OK      bool    `json:"ok"`
			BaseURL string  `json:"base_url"`
			Sandbox bool    `json:"sandbox"`
			Checks  []check `json:"checks"`
		}{failed == 0, s.baseURL, s.embedded, checks})
	} else {
		err = a.out.write(a.checklist(checks, failed))
	}
	if err == nil && failed > 0 {
		err = &exitError{code}
	}
	return err
}

func (a *app) checklist(checks []check, failed int) string {
	var b strings.Builder
	for i, c := range checks {
		mark := map[status]string{
			statusOK:      a.out.paint(green, "✓"),
			statusNote:    a.out.paint(yellow, "!"),
			statusFailed:  a.out.paint(red, "✗"),
			statusSkipped: a.out.paint(faint, "-"),
		}[c.Status]
		seen := c.Seen
		if c.Status == statusSkipped {
			seen = a.out.paint(faint, seen)
		}
		fmt.Fprintf(&b, "%s %-14s %s\n", mark, checkTitles[i][1], seen)
		if c.Fix != "" {
			fmt.Fprintf(&b, "  %-14s %s %s\n", "", a.out.paint(bold, "fix:"), c.Fix)
		}
	}
	if failed == 0 {
		b.WriteString("\nAll is well.\n")
	} else {
		fmt.Fprintf(&b, "\n%d of %d checks failed.\n", failed, len(checks))
	}
	return b.String()
}

// A verification goes through the checks.
type verification struct {
	*app
	service *service
	options verifyOptions
	checks  []check
}

// add puts down the next check. All text may be the server's, and is made fit to
// print.
func (v *verification) add(c check) {
	c.Name = checkTitles[len(v.checks)][0]
	c.Seen, c.Fix = oneLine(c.Seen), oneLine(c.Fix)
	v.checks = append(v.checks, c)
}

func (v *verification) ok(format string, args ...any) {
	v.add(check{Status: statusOK, Seen: fmt.Sprintf(format, args...)})
}

func (v *verification) note(seen, fix string) { v.add(check{Status: statusNote, Seen: seen, Fix: fix}) }

func (v *verification) skip(seen string) { v.add(check{Status: statusSkipped, Seen: seen}) }

func (v *verification) fail(exit int, seen, fix string) {
	v.add(check{Status: statusFailed, Seen: seen, Fix: fix, exit: exit})
}

// failWith is fail with an error of a call.
func (v *verification) failWith(ctx context.Context, err error) {
	f := diagnose(ctx, v.service.explain(err), "")
	v.fail(f.exit, f.Message, f.Hint)
}

// skipRest ends the list, however long it is yet.
func (v *verification) skipRest(seen string) {
	for len(v.checks) < len(checkTitles) {
		v.skip(seen)
	}
}

// keyKind is what all keys of an environment begin with: sk_test_, sk_live_.
var keyKind = regexp.MustCompile(`^sk_(?:[a-z]{1,10}_)?`)

// maskedKey is enough of a key to know it by.
func maskedKey(key string) string {
	masked := keyKind.FindString(key) + "…"
	if len(key) >= 24 {
		masked += key[len(key)-4:]
	}
	return fmt.Sprintf("%s (%d characters)", masked, len(key))
}
