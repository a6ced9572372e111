package main

import (
	"fmt"
	"io"
	"time"
)

// Report is everything that was measured.
type Report struct {
	Date    time.Time `json:"date"`
	CPU     string    `json:"cpu"`
	CPUs    int       `json:"cpus"`
	Go      string    `json:"go"`
	Results []Result  `json:"results"`
}

// Result is what a row came to.
type Result struct {
	Row     Row     `json:"row"`
	Fill    Fill    `json:"fill"`
	Steady  Steady  `json:"steady"`
	Changes Changes `json:"changes"`
	Reads   Reads   `json:"reads"`
	Soak    *Soak   `json:"soak,omitempty"`
	Hang    *Hang   `json:"hang,omitempty"`
	Apart   *Apart  `json:"apart,omitempty"`
}

// print writes all results as Markdown, which is readable as it is: first an overview, then each row.
func (r *Report) print(w io.Writer) {
	fmt.Fprintf(w, "## Measured\n\nOn %s, with %d CPUs (%s) for everything, and %s.\n\n", r.Date.Format(time.DateOnly), r.CPUs, r.CPU, r.Go)
	r.overview().print(w)
	for i := range r.Results {
		r.Results[i].print(w)
	}
}

func (r *Result) print(w io.Writer) {
	size := r.Row.Size
	fmt.Fprintf(w, "\n### %s\n\n%d ExternalSecrets in %d namespaces, stores: %d, each of %d items, delay of the provider: %s.\n\n",
		r.Row.Name, size.Secrets, size.Namespaces, size.Stores, size.Items, r.Row.Delay)
	r.summary().print(w)
	fmt.Fprintln(w)
	r.breakdown(w)
	if len(r.Reads.Operations) > 0 {
		fmt.Fprintln(w)
		r.readsTable().print(w)
	}
	if r.Hang != nil {
		fmt.Fprintln(w)
		r.hangTable().print(w)
	}
}

// read finds what so many readers at a time found, nil when they were not asked to.
func (r *Result) read(operation string, readers int) *Read {
	for i := range r.Reads.Operations {
		if read := &r.Reads.Operations[i]; read.Operation == operation && read.Readers == readers {
			return read
		}
	}
	return nil
}
