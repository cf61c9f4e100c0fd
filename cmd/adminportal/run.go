package main

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/adminportal-go/adminportal/client"
)

// An app is one run of the command.
type app struct {
	env
	out, log *screen // standard output and standard error
	json     bool    // --json
	started  bool    // the command line was right, and its command runs
	deadline time.Time
	last     atomic.Pointer[client.Attempt] // the client's last one
}

// run runs a command line and returns the exit code.
func run(ctx context.Context, e env, args []string) int {
	a := &app{
		env: e,
		out: newScreen(e.stdout, e.stdoutTTY, e.getenv),
		log: newScreen(e.stderr, e.stderrTTY, e.getenv),
	}
	name := "adminportal"
	err := refuseKeys(args)
	if err == nil {
		root := a.root()
		root.SetArgs(append([]string{}, args...)) // nil would mean os.Args
		var c *cobra.Command
		c, err = root.ExecuteContextC(ctx)
		name = c.CommandPath()
	}
	if !a.started && a.out.err != nil {
		err, a.started = a.out.err, true // of printing help
	}
	if code := exitCode(0); errors.As(err, &code) {
		return int(code)
	}
	if err == nil || a.out.closed() && errors.Is(err, a.out.err) {
		return exitDone
	}
	if !a.started && !errors.As(err, new(hintedError)) {
		message, hint, _ := strings.Cut(err.Error(), "\n\n") // as cobra says "Did you mean this?"
		err = badUsage(message, strings.Join(strings.Fields(hint), " "))
	}
	f := diagnose(ctx, err, "run '"+name+" --help'")
	if f.Kind == "interrupted" && a.log.tty {
		a.log.say("") // the terminal has written ^C
	}
	a.log.say("%s %s", a.log.paint(red, "adminportal:"), f.Message)
	if f.Hint != "" {
		a.log.say("  hint: %s", f.Hint)
	}
	if a.json || !a.started && wantsJSON(args) {
		_ = a.out.json(map[string]failure{"error": f}, a.out.tty)
	}
	return f.exit
}

// wantsJSON looks for --json in a command line that could not be parsed.
func wantsJSON(args []string) (wants bool) {
	for _, arg := range args {
		if arg == "--" {
			break
		}
		if value, ok := strings.CutPrefix(arg, "--json="); ok {
			wants, _ = strconv.ParseBool(value)
		} else if arg == "--json" {
			wants = true
		}
	}
	return wants
}

// keyInArgument matches what looks like a key. task_list does not, and neither does
// sk_SK, a locale.
var keyInArgument = regexp.MustCompile(`(?i)(^|[^a-z0-9_])sk_\w{8}`)

// refuseKeys looks for an API key in the arguments.
func refuseKeys(args []string) error {
	if slices.ContainsFunc(args, keyInArgument.MatchString) {
		return badUsage(
			"an argument looks like an API key; other users can read the command line, and the shell's history keeps it",
			"set WORKOS_API_KEY, or write the key to standard input with --api-key-stdin; replace a key that was used like this")
	}
	return nil
}

func init() { cobra.EnableCommandSorting = false } // link comes first

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:              "adminportal",
		Long:             text("adminportal"),
		Version:          version(),
		RunE:             func(cmd *cobra.Command, _ []string) error { return a.printHelp(cmd) },
		SilenceErrors:    true,
		SilenceUsage:     true,
		PersistentPreRun: func(*cobra.Command, []string) { a.started = true },
	}
	root.SetOut(a.out)
	root.SetErr(a.log)
	root.SetVersionTemplate(fmt.Sprintf("adminportal %s (%s, %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH))
	for _, c := range []*cobra.Command{
		a.linkCommand(), a.iconsCommand(), a.verifyCommand(), a.sandboxCommand(), a.demoCommand(),
	} {
		c.Args = cobra.NoArgs
		c.ValidArgsFunction = cobra.NoFileCompletions
		for _, flag := range []string{"org", "return-url", "success-url", "contact", "timeout", "addr", "public-url", "limit", "window"} {
			complete(c, flag) // offer no files
		}
		root.AddCommand(c)
	}
	a.addHelp(root)
	a.addCompletion(root)
	return root
}

// version is the module's, such as v1.2.0, and names the commit of a checkout.
func version() string {
	info, _ := debug.ReadBuildInfo() // every go command puts it in
	return cmp.Or(strings.Trim(info.Main.Version, "()"), "unknown")
}

func (a *app) jsonFlag(c *cobra.Command) {
	c.Flags().BoolVar(&a.json, "json", false, "print JSON, errors too: see adminportal help json")
}

// complete sets what the shell offers for a flag's value, if the command has the flag.
func complete(cmd *cobra.Command, flag string, values ...cobra.Completion) {
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

//go:embed completion.bash
var completionBash string

// addCompletion adds cobra's completion command, which now refuses a wrong shell and
// adds completionBash to the script for bash.
func (a *app) addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	completion, _, _ := root.Find([]string{"completion"})
	completion.Args = func(*cobra.Command, []string) error {
		return usagef("name one shell: bash, zsh, fish or powershell")
	}
	completion.RunE = func(*cobra.Command, []string) error { return nil } // without it, cobra does not ask Args
	bash, _, _ := completion.Find([]string{"bash"})
	bash.PostRunE = func(*cobra.Command, []string) error { return a.out.write(completionBash) }
}
