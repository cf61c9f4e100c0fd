package main

import (
	"embed"
	"strings"

	"github.com/spf13/cobra"
)

//go:embed help/*.txt
var helpFiles embed.FS

// text is the help text of a command or a topic.
func text(name string) string {
	b, _ := helpFiles.ReadFile("help/" + name + ".txt") // help.txtar asks for every text
	return strings.TrimSpace(string(b))
}

// addHelp adds the topics, which are commands that only explain something, and makes
// cobra's help return the errors that it ignores.
func (a *app) addHelp(root *cobra.Command) {
	root.AddCommand(
		&cobra.Command{Use: "environment", Short: "The environment variables", Long: text("environment")},
		&cobra.Command{Use: "exit-codes", Short: "The exit codes", Long: text("exit-codes")},
		&cobra.Command{Use: "json", Short: "What --json prints", Long: text("json")},
	)
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { _ = a.printHelp(cmd) })
	root.InitDefaultHelpCmd()
	help, _, _ := root.Find([]string{"help"})
	help.Run, help.RunE = nil, func(_ *cobra.Command, args []string) error {
		about, rest, err := root.Find(args)
		if err != nil || len(rest) > 0 {
			return usagef("there is no command or topic %q: run 'adminportal help' for the list", strings.Join(args, " "))
		}
		return a.printHelp(about)
	}
}

// printHelp prints a command's text and usage, or a topic's text.
func (a *app) printHelp(cmd *cobra.Command) error {
	cmd.InitDefaultHelpFlag()
	cmd.InitDefaultVersionFlag()
	about := cmd.Long
	if about == "" {
		about = cmd.Short
	}
	if cmd.Runnable() {
		about += "\n\n" + cmd.UsageString()
	}
	return a.out.write(strings.TrimSpace(about) + "\n")
}
