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
				b.WriteString(bareBash)
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

// bareBash replaces a function of the script that fails, loudly and at every Tab,
// where the bash-completion package is not installed or not loaded yet. Without the
// package "--flag value" is completed, "--flag=value" is not.
const bareBash = `
__adminportal_init_completion()
{
    COMPREPLY=()
    if declare -F _get_comp_words_by_ref >/dev/null 2>&1; then
        _get_comp_words_by_ref "$@" cur prev words cword
    else
        cur=${COMP_WORDS[COMP_CWORD]}
        prev=${COMP_WORDS[COMP_CWORD-1]}
        words=("${COMP_WORDS[@]}")
        cword=$COMP_CWORD
    fi
}
`
