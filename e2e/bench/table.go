// Package bench measures whole processes and a real cluster against the budgets of the product.
package bench

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Row is one measured quantity and what it may be.
type Row struct {
	// What is measured, in words.
	What string
	// Unit of Budget and Measured, behind the number.
	Unit string
	// Budget is the most that is allowed, or the least where AtLeast is set; NaN where there is none.
	Budget  float64
	AtLeast bool
	// Measured is what this run has seen.
	Measured float64
	// Note says how it was measured.
	Note string
}

// None is the Budget of a quantity that has none.
func None() float64 { return math.NaN() }

// margin is how much of the budget is left: below zero where it is not kept.
func (r Row) margin() float64 {
	if r.AtLeast {
		return (r.Measured - r.Budget) / r.Budget
	}
	if r.Budget == 0 {
		return 0 - r.Measured // not -0
	}
	return (r.Budget - r.Measured) / r.Budget
}

func (r Row) cells() []string {
	budget, margin := "–", "–"
	if !math.IsNaN(r.Budget) {
		bound := "≤ "
		if r.AtLeast {
			bound = "≥ "
		}
		budget, margin = bound+quantity(r.Budget, r.Unit), fmt.Sprintf("%+.0f %%", 100*r.margin())
	}
	return []string{r.What, budget, quantity(r.Measured, r.Unit), margin, r.Note}
}

// quantity has three significant digits at most, but never cuts a whole number.
func quantity(value float64, unit string) string {
	decimals := 0
	if absolute := math.Abs(value); absolute != math.Trunc(absolute) && absolute < 100 {
		decimals = 1
		if absolute < 10 {
			decimals = 2
		}
	}
	text := strconv.FormatFloat(value, 'f', decimals, 64)
	return strings.TrimSpace(text + " " + unit)
}

// Text is the table for a terminal.
func Text(rows []Row) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, cells := range append([][]string{titles()}, cellsOf(rows)...) {
		_, _ = fmt.Fprintln(w, strings.Join(cells[:4], "\t")) // into memory
	}
	_ = w.Flush() // into memory
	return text.String()
}

// Markdown is the table for a document, with the notes.
func Markdown(rows []Row) string {
	var text strings.Builder
	line := func(cells []string) { text.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line(titles())
	text.WriteString("|---|---:|---:|---:|---|\n")
	for _, cells := range cellsOf(rows) {
		line(cells)
	}
	return text.String()
}

func titles() []string { return []string{"what", "budget", "measured", "margin", "how"} }

func cellsOf(rows []Row) [][]string {
	var all [][]string
	for _, r := range rows {
		all = append(all, r.cells())
	}
	return all
}
