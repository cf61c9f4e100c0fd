package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/adminportal-go/adminportal/client"
)

// An icon is one of icons' results as JSON.
type icon struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	IconURL     string `json:"icon_url"`
	DarkIconURL string `json:"dark_icon_url"` // empty if there is none
}

func (a *app) iconsCommand() *cobra.Command {
	var o connection
	cmd := &cobra.Command{
		Use:   "icons",
		Short: "List the provider icons",
		Long: `List the icons of the identity providers that the portal can connect, for your
settings page, in the service's order.

On a terminal this is a table. In a pipe each line is one icon, tabs between its
ID, name, address and dark address (empty if there is none), without a heading.`,
		Example: `  adminportal icons
  adminportal icons | cut -f1
  adminportal icons --json | jq -r '.icons[] | select(.id == "okta") | .icon_url'`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.icons(cmd.Context(), o) },
	}
	o.flags(cmd)
	a.jsonFlag(cmd)
	return cmd
}

func (a *app) icons(ctx context.Context, o connection) error {
	s, err := a.service(ctx, o, "")
	if err != nil {
		return err
	}
	defer s.close()
	portal, trace, err := a.client(s)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	list, err := portal.ListProviderIcons(ctx)
	trace.settle()
	if err != nil {
		return err
	}
	if a.json {
		icons := make([]icon, len(list))
		for i, p := range list {
			icons[i] = icon(p)
		}
		return a.out.json(struct {
			Icons   []icon `json:"icons"`
			Sandbox bool   `json:"sandbox"`
		}{icons, s.embedded})
	}
	return a.out.write(a.iconTable(list))
}

func (a *app) iconTable(list []client.ProviderIcon) string {
	var rows [][]string
	if !a.out.tty {
		for _, p := range list {
			rows = append(rows, []string{oneLine(p.ID), oneLine(p.Name), printable(p.IconURL), printable(p.DarkIconURL)})
		}
		return tabbed(rows)
	}
	rows = append(rows, []string{"ID", "NAME", "ICON"})
	for _, p := range list {
		rows = append(rows, []string{oneLine(p.ID), oneLine(p.Name), printable(p.IconURL)})
	}
	lines := columns(rows, "  ")
	lines[0] = a.out.paint(faint, lines[0])
	return strings.Join(lines, "\n") + "\n"
}

func tabbed(rows [][]string) string {
	var b strings.Builder
	for _, row := range rows {
		b.WriteString(strings.Join(row, "\t") + "\n")
	}
	return b.String()
}
