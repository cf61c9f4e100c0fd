package main

import (
	"bytes"

	"github.com/spf13/cobra"
)

func (a *app) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "completion {bash|zsh|fish}",
		Short: "Print a shell's completion script",
		Long:  "Print the script that teaches a shell to complete this command, its flags and\ntheir values.",
		Example: `  # bash: now, and from now on
  source <(adminportal completion bash)
  adminportal completion bash > ~/.local/share/bash-completion/completions/adminportal

  # zsh, in a directory of $fpath
  adminportal completion zsh > ~/.zsh/completions/_adminportal

  # fish
  adminportal completion fish > ~/.config/fish/completions/adminportal.fish`,
		ValidArgs: []cobra.Completion{"bash", "zsh", "fish"},
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("name one shell: bash, zsh or fish")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			var b bytes.Buffer
			var err error
			switch root := cmd.Root(); args[0] {
			case "bash":
				err = root.GenBashCompletionV2(&b, true)
			case "zsh":
				err = root.GenZshCompletion(&b)
			case "fish":
				err = root.GenFishCompletion(&b, true)
			default:
				err = usagef("there is no completion for %q: bash, zsh or fish", args[0])
			}
			if err != nil {
				return err
			}
			return a.out.write(b.String())
		},
	}
}
