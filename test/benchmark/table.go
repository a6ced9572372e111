package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// table prints as Markdown with its columns aligned.
type table struct {
	head []string
	rows [][]string
}

// add adds a row of two cells, the second of which is formatted.
func (t *table) add(what, format string, args ...any) { t.row(what, fmt.Sprintf(format, args...)) }

// row adds a row; cells that it lacks are empty.
func (t *table) row(cells ...string) {
	t.rows = append(t.rows, append(cells, make([]string, len(t.head)-len(cells))...))
}

func (t *table) print(w io.Writer) {
	widths := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	printRow(w, t.head, widths)
	var rule []string
	for _, width := range widths {
		rule = append(rule, strings.Repeat("-", width))
	}
	printRow(w, rule, widths)
	for _, row := range t.rows {
		printRow(w, row, widths)
	}
}

func printRow(w io.Writer, cells []string, widths []int) {
	for i, cell := range cells {
		fmt.Fprintf(w, "| %s%s ", cell, strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)))
	}
	fmt.Fprintln(w, "|")
}
