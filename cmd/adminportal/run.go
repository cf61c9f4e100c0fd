package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// An app is one run of the command.
type app struct {
	env
	out, log screen // results; and everything else
	results  *sink  // what is under out
	json     bool   // --json
	started  bool   // a command has begun, so that its errors are not the command line's
	command  *cobra.Command
}

// run runs the command line args and returns the exit code.
func run(ctx context.Context, e env, args []string) int {
	results := &sink{w: e.stdout}
	a := &app{
		env:     e,
		out:     newScreen(results, e.stdoutTTY, e.getenv),
		log:     newScreen(e.stderr, e.stderrTTY, e.getenv),
		results: results,
	}
	err := refuseKeys(args)
	if err == nil {
		root := a.root(args)
		root.SetArgs(append([]string{}, args...)) // never nil, which would be os.Args
		a.command, err = root.ExecuteContextC(ctx)
	}
	return a.end(ctx, err, args)
}

// end reports how a run ended.
func (a *app) end(ctx context.Context, err error, args []string) int {
	if a.results.err != nil && (err == nil || !a.started) {
		err, a.started = a.results.err, true // cobra does not tell
	}
	if err == nil || closedPipe(err) {
		return exitDone
	}
	if e := new(exitError); errors.As(err, &e) {
		return e.code
	}
	name := "adminportal"
	if a.command != nil {
		name = a.command.CommandPath()
	}
	if !a.started && !errors.As(err, new(usageError)) {
		err = usageError{message: err.Error()}
	}
	f := diagnose(ctx, err, "run '"+name+" --help'")
	if a.log.tty && f.Kind == "interrupted" {
		a.log.say("") // the terminal has written ^C
	}
	a.log.say("%s %s", a.log.paint(red, "adminportal:"), f.Message)
	if f.Hint != "" {
		a.log.say("  %s %s", a.log.paint(faint, "hint:"), f.Hint)
	}
	// A command line that could not be parsed may still have asked for JSON.
	if a.json || !a.started && wantsJSON(args) {
		_ = a.out.json(map[string]failure{"error": f})
	}
	return f.exit
}

func wantsJSON(args []string) bool {
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	return slices.Contains(args, "--json")
}

// An exitError ends a run that has said all that there is to say.
type exitError struct{ code int }

func (*exitError) Error() string { return "failed" }

var keyInArgument = regexp.MustCompile(`(?i)(^|[^a-z0-9_])sk_[a-z0-9]`)

// refuseKeys looks for an API key on the command line, which every user of the
// host can read, and the shell's history keeps.
func refuseKeys(args []string) error {
	if slices.ContainsFunc(args, keyInArgument.MatchString) {
		return usageError{
			message: "an argument looks like an API key; the command line is no place for one: other users see it, and the shell's history keeps it",
			hint:    "set WORKOS_API_KEY, or write it to standard input with --api-key-stdin; a key that has been used like this is better replaced",
		}
	}
	return nil
}

func (a *app) root(args []string) *cobra.Command {
	root := &cobra.Command{
		Use:   "adminportal",
		Short: "WorkOS Admin Portal links, icons and a sandbox",
		Long: `Ask WorkOS for Admin Portal links, list the provider icons, check a setup, run a
sandbox of the portal, and click through a demo.

Without WORKOS_API_KEY, link, icons, verify and demo run on a sandbox of their own:
no account is needed to try them.`,
		Example: `  adminportal demo --open
  adminportal link
  adminportal verify
  WORKOS_API_KEY=… adminportal link --org org_01EHWNCE74X7JSDV0X3SZ3KJNY --intent dsync`,
		Version:           buildVersion().Version,
		Args:              aCommand,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRun:  func(*cobra.Command, []string) { a.started = true },
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		// Of a wrong command and its flags, which the root has not, the command is
		// what is wrong.
		first := slices.IndexFunc(args, func(arg string) bool { return !strings.HasPrefix(arg, "-") })
		if cmd == root && first >= 0 {
			return aCommand(root, args[first:])
		}
		return err
	})
	root.SetIn(a.stdin)
	root.SetOut(a.results)
	root.SetErr(a.stderr)
	root.SetVersionTemplate(buildVersion().String() + "\n")
	root.AddGroup(
		&cobra.Group{ID: "portal", Title: "Portal"},
		&cobra.Group{ID: "setup", Title: "Setup"},
		&cobra.Group{ID: "more", Title: "More"},
	)
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			if c.Args == nil {
				c.Args = noArguments
			}
			c.ValidArgsFunction = orNoCompletion(c)
			root.AddCommand(c)
		}
	}
	add("portal", a.linkCommand(), a.iconsCommand())
	add("setup", a.verifyCommand(), a.sandboxCommand(), a.demoCommand())
	add("more", a.completionCommand(), a.versionCommand())
	help := a.helpCommand()
	add("more", help)
	root.SetHelpCommand(help)
	root.SetHelpCommandGroupID("more")
	root.AddCommand(helpTopics()...)
	root.SetHelpFunc(a.printHelp)
	return root
}

// In help, link comes before icons.
func init() { cobra.EnableCommandSorting = false }

// aCommand refuses what is not a command.
func aCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	e := usageError{message: fmt.Sprintf("unknown command %q", args[0])}
	root.SuggestionsMinimumDistance = 2
	if near := root.SuggestionsFor(args[0]); len(near) > 0 {
		e.hint = "did you mean '" + strings.Join(near, "' or '") + "'?"
	}
	return e
}

func noArguments(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("unexpected argument %q", args[0])
	}
	return nil
}

// orNoCompletion keeps the shell from offering files where none are meant.
func orNoCompletion(c *cobra.Command) cobra.CompletionFunc {
	if c.ValidArgsFunction != nil || len(c.ValidArgs) > 0 {
		return c.ValidArgsFunction
	}
	return cobra.NoFileCompletions
}

// jsonFlag gives a command --json.
func (a *app) jsonFlag(c *cobra.Command) {
	c.Flags().BoolVar(&a.json, "json", false, "print JSON, errors too: adminportal help json")
}
