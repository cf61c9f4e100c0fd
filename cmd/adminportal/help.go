package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func (a *app) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "help [command or topic]",
		Short:   "Explain a command or a topic",
		Example: "  adminportal help link\n  adminportal help exit-codes",
		Args:    func(*cobra.Command, []string) error { return nil },
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			var names []cobra.Completion
			if len(args) == 0 {
				for _, c := range cmd.Root().Commands() {
					if !c.Hidden {
						names = append(names, c.Name()+"\t"+c.Short)
					}
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return usageError{
					message: fmt.Sprintf("there is no command or topic %q", strings.Join(args, " ")),
					hint:    "run 'adminportal help' for the list",
				}
			}
			return a.out.write(a.helpText(about))
		},
	}
}

// printHelp is what --help prints.
func (a *app) printHelp(cmd *cobra.Command, _ []string) { _ = a.out.write(a.helpText(cmd)) }

func (a *app) helpText(cmd *cobra.Command) string {
	cmd.InitDefaultHelpFlag()
	cmd.InitDefaultVersionFlag()
	var b strings.Builder
	section := func(title, body string) {
		if body = strings.TrimRight(body, "\n"); body != "" {
			fmt.Fprintf(&b, "\n%s\n%s\n", a.out.paint(bold, strings.ToUpper(title)), body)
		}
	}
	about := cmd.Long
	if about == "" {
		about = cmd.Short
	}
	b.WriteString(about + "\n")
	if isTopic(cmd) {
		return b.String()
	}
	usage := cmd.UseLine()
	if !cmd.HasParent() {
		usage = "adminportal <command> [flags]"
	}
	section("Usage", "  "+usage)
	for _, g := range cmd.Groups() {
		section(g.Title, list(cmd, func(c *cobra.Command) bool { return c.GroupID == g.ID }))
	}
	section("Flags", cmd.LocalFlags().FlagUsages())
	section("Examples", cmd.Example)
	if cmd.HasParent() {
		section("Learn more", "  adminportal help environment | exit-codes | json")
	} else {
		section("Topics", list(cmd, isTopic))
	}
	return b.String()
}

// isTopic: a command that only explains something.
func isTopic(c *cobra.Command) bool { return c.HasParent() && !c.Runnable() }

func list(parent *cobra.Command, include func(*cobra.Command) bool) string {
	var rows [][]string
	for _, c := range parent.Commands() {
		if include(c) && !c.Hidden {
			rows = append(rows, []string{"  " + c.Name(), c.Short})
		}
	}
	return strings.Join(columns(rows, "   "), "\n")
}

func helpTopics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "environment", Short: "The environment variables", Long: environmentText},
		{Use: "exit-codes", Short: "The exit codes", Long: exitCodesText},
		{Use: "json", Short: "What --json prints", Long: jsonText},
	}
}

const environmentText = `Environment variables

  WORKOS_API_KEY    the API key, sk_…, from the WorkOS Dashboard. It can also come
                    from standard input (--api-key-stdin), never from an argument.
                    Without one, link, icons, verify and demo run on an embedded
                    sandbox.
  WORKOS_BASE_URL   another address of the API, such as that of a running
                    "adminportal sandbox"; https, or http on loopback.
  BROWSER           the command that --open starts, with %s for the address or the
                    address as its last argument. Several, between colons, are
                    tried in turn.
  NO_COLOR          set to anything: no colour, whatever else is set.
  CLICOLOR_FORCE    set, and not to 0: colour even where there is no terminal.
  CLICOLOR          0: no colour. Else colour is for terminals only.
  HTTPS_PROXY, NO_PROXY
                    as everywhere.`

const exitCodesText = `Exit codes

  0     done. A pipe that was closed early counts, and so does a sandbox or a demo
        that was stopped.
  1     failed: no such organization, a request that was refused, an error of the
        server, a port in use, a full disk.
  2     usage: a command, a flag, a key or a value that cannot be right. Nothing
        was sent.
  4     not authorized: the API key was refused, or lacks a permission.
  5     rate limited, and the wait would have been longer than --timeout.
  6     not reachable: no answer came.
  130   stopped by Ctrl-C; 143 by SIGTERM.

verify ends with the code of the worst that it found: 6, then 4, 5, 2, 1.`

const jsonText = `What --json prints

One JSON document on standard output: on one line in a pipe, indented on a
terminal. Fields are never removed or renamed; new ones may come.

link
  {"url": "https://…", "expires_at": "2026-01-15T12:00:00Z",
   "expires_in_seconds": 598, "organization": "org_…", "intent": "sso",
   "dialect": "portal-links" or "generate-link", "sandbox": false}

icons
  {"icons": [{"id": "okta", "name": "Okta", "icon_url": "https://…",
   "dark_icon_url": "https://…" or ""}], "sandbox": false}

verify
  {"ok": true, "base_url": "https://…", "sandbox": false, "checks": [{"name": …,
   "status": "ok", "note", "failed" or "skipped", "seen": …, "fix": …}]}
  The checks' names: ` + checkNames + `.

sandbox (one line, always)
  {"url": "http://127.0.0.1:8787", "api_key": "sk_…", "organization": "org_…"}

version
  {"version": "v1.0.0", "commit": "…", "go": "go1.26.0", "platform": "linux/amd64"}

An error, instead of any of these; standard error has it in words as well
  {"error": {"kind": …, "message": …, "hint": …, "status": 429, "code": …,
   "request_id": …, "retry_after_seconds": 42, "attempts": 4}}
  Only kind and message are always there. The kinds: usage, unauthorized,
  organization_not_found, invalid_request, rate_limited, unreachable,
  server_error, malformed_response, interrupted, failed.`
