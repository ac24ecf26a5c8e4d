package who

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/podidentity/podidentity/plugin/cli"
)

func printTable(out io.Writer, all []*Grant, wide bool) error {
	if len(all) == 0 {
		return nil
	}
	header := []string{"NAMESPACE", "SERVICEACCOUNT", "ROLE", "FROM", "PODS"}
	containers := slices.ContainsFunc(all, func(grant *Grant) bool { return grant.Container != "" })
	if containers {
		header = slices.Insert(header, 2, "CONTAINER")
	}
	if wide {
		header = append(header, "NAMES")
	}
	var rows [][]string
	for _, grant := range all {
		row := []string{grant.Namespace, grant.ServiceAccount, grant.role(), grant.from(), strconv.Itoa(len(grant.Pods))}
		if containers {
			row = slices.Insert(row, 2, grant.Container)
		}
		if wide {
			row = append(row, strings.Join(grant.Pods, ","))
		}
		rows = append(rows, row)
	}
	if err := cli.Table(out, header, rows); err != nil {
		return err
	}
	return printWhy(out, all)
}

func printWhy(out io.Writer, all []*Grant) error {
	for _, grant := range all {
		if len(grant.Why) == 0 {
			continue
		}
		text := fmt.Sprintf("\n%s/%s:\n", grant.Namespace, grant.ServiceAccount)
		if grant.Container != "" {
			text = fmt.Sprintf("\n%s/%s, container %s:\n", grant.Namespace, grant.ServiceAccount, grant.Container)
		}
		for i, sentence := range grant.Why {
			text += fmt.Sprintf("  %d. %s\n", i+1, sentence)
		}
		if _, err := io.WriteString(out, text); err != nil {
			return fmt.Errorf("write the reasons: %w", err)
		}
	}
	return nil
}

// role is the role whose credentials the pods get, after the one by which it is assumed.
func (g *Grant) role() string {
	if g.TargetRoleARN == "" {
		return g.RoleARN
	}
	return g.RoleARN + " -> " + g.TargetRoleARN
}

func (g *Grant) from() string {
	from := "association/" + g.Association
	if g.Association == "" {
		from = "annotation"
	}
	if g.Former {
		from += " (former)"
	}
	return from
}
