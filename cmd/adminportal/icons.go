package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

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
		Long:  text("icons"),
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.icons(cmd.Context(), o) },
	}
	o.flags(cmd)
	a.jsonFlag(cmd)
	return cmd
}

func (a *app) icons(ctx context.Context, o connection) error {
	s, err := a.connect(ctx, o, "")
	if err != nil {
		return err
	}
	defer s.close()
	portal, err := a.client(s, client.DialectAuto)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	return a.printIcons(ctx, s, portal)
}

func (a *app) printIcons(ctx context.Context, s *service, portal *client.Client) error {
	list, err := portal.ListProviderIcons(ctx)
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
		}{icons, s.sandbox != nil}, a.out.tty)
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	if a.out.tty {
		fmt.Fprintln(w, "ID\tNAME\tICON")
	}
	for _, p := range list {
		row := []string{oneLine(p.ID), oneLine(p.Name), printable(p.IconURL)}
		if a.out.tty {
			fmt.Fprintln(w, strings.Join(row, "\t"))
		} else {
			fmt.Fprintf(&b, "%s\t%s\n", strings.Join(row, "\t"), printable(p.DarkIconURL))
		}
	}
	_ = w.Flush()
	return a.out.write(b.String())
}
