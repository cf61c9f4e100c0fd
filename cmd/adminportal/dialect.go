package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/adminportal-go/adminportal/client"
)

// dialects are the values of link's --dialect.
var dialects = map[string]client.Dialect{
	"auto":          client.DialectAuto,
	"portal-links":  client.DialectPortalLinks,
	"generate-link": client.DialectGenerateLink,
}

func parseDialect(name string) (client.Dialect, error) {
	d, ok := dialects[name]
	if !ok {
		return d, usagef("--dialect must be auto, portal-links or generate-link, not %q", name)
	}
	return d, nil
}

// dialectName is the flag's spelling of a dialect.
func dialectName(d client.Dialect) string { return strings.ReplaceAll(d.String(), "_", "-") }

func dialectFlag(cmd *cobra.Command, value *string) {
	cmd.Flags().StringVar(value, "dialect", "auto", "the `name` of the API's dialect: auto finds out, portal-links is\nPOST /portal_links, generate-link is POST /portal/generate_link")
	complete(cmd, "dialect", "auto\tfind out", "portal-links\tPOST /portal_links", "generate-link\tPOST /portal/generate_link")
}

// complete sets what the shell offers for a flag.
func complete(cmd *cobra.Command, flag string, values ...cobra.Completion) {
	if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // a flag that does not exist
	}
}
