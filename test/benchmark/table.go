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

// row adds a row; cells that it lacks are empty.
func (t *table) row(what string, cells ...string) {
	row := make([]string, len(t.head))
	row[0] = what
	copy(row[1:], cells)
	t.rows = append(t.rows, row)
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
