package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
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
	Hang    *Hang   `json:"hang,omitempty"`
}

// print writes all results as tables that are Markdown too.
func (r *Report) print(w io.Writer) {
	fmt.Fprintf(w, "%s, %d CPUs (%s), %s\n", r.Date.Format(time.DateOnly), r.CPUs, r.CPU, r.Go)
	for i := range r.Results {
		r.Results[i].print(w)
	}
}

func (r *Result) print(w io.Writer) {
	size := r.Row.Size
	fmt.Fprintf(w, "\n### %s\n\n%d ExternalSecrets in %d namespaces, %d stores of %d items, the provider answers after %s.\n\n",
		r.Row.Name, size.Secrets, size.Namespaces, size.Stores, size.Items, r.Row.Delay)
	t := &table{head: []string{"what", "measured"}}
	r.addFill(t)
	r.addSteady(t)
	r.addChanges(t)
	t.print(w)
	if len(r.Reads.Operations) > 0 {
		fmt.Fprintln(w)
		r.readsTable().print(w)
	}
	if r.Hang != nil {
		fmt.Fprintln(w)
		r.hangTable().print(w)
	}
}

func (r *Result) addFill(t *table) {
	f := &r.Fill
	t.add("bare Secrets, as many, 16 workers", "%.2f s", f.BareSeconds)
	t.add("ExternalSecrets accepted, 16 workers", "%.2f s", f.AcceptSeconds)
	t.add("last Secret after the last was accepted", "%.2f s", f.LastSeconds)
	t.add("CPU from nothing", "%.2f s", f.CPUSeconds)
	t.add("requests from nothing", "%s", counts(f.Requests, 1))
}

func (r *Result) addSteady(t *table) {
	s := &r.Steady
	perMinute := 60 / s.Seconds
	t.add("requests a minute, nothing changing", "%s", counts(s.Requests, perMinute))
	t.add("writes a minute to the host", "%s", counts(s.HostWrites, perMinute))
	t.add("writes a minute to our own etcd", "%s", counts(s.OwnWrites, perMinute))
	t.add("CPU a minute", "%.2f s", s.CPUSeconds*perMinute)
	t.add("memory, peak so far", "%.0f MiB, %.0f MiB", s.MiB, s.PeakMiB)
}

func (r *Result) addChanges(t *table) {
	c := &r.Changes
	t.add(fmt.Sprintf("a change arrives (%d items, %d Secrets)", c.Items, c.Seconds.Count),
		"p50 %.1f s, p99 %.1f s", c.Seconds.P50, c.Seconds.P99)
	t.add("requests meanwhile", "%s", counts(c.Requests, 1))
	t.add("Secrets written meanwhile", "%d", c.SecretWrites)
}

func (r *Result) readsTable() *table {
	t := &table{head: []string{"operation", "readers", "p50 ms", "p99 ms", "answers", "held", "requests", "CPU ms each"}}
	provider := r.Reads.ProviderMilliseconds
	t.row("the provider itself", "1", ms(provider.P50), ms(provider.P99), fmt.Sprint(provider.Count), "", "", "")
	for i := range r.Reads.Operations {
		read := &r.Reads.Operations[i]
		t.row(read.cells()...)
	}
	t.row("memory, peak with lists", fmt.Sprintf("%.0f MiB", r.Reads.PeakMiB))
	return t
}

func (r *Result) hangTable() *table {
	t := &table{head: []string{"one store's provider hangs", "readers", "p50 ms", "p99 ms", "answers", "held", "requests", "CPU ms each"}}
	for _, part := range []struct {
		name string
		read Read
	}{{"other stores, before", r.Hang.Before}, {"other stores, meanwhile", r.Hang.During}} {
		part.read.Operation = part.name
		t.row(part.read.cells()...)
	}
	hanging := r.Hang.Hanging
	t.row("the store itself", fmt.Sprint(hangingReaders), ms(hanging.P50), ms(hanging.P99), fmt.Sprint(hanging.Count))
	return t
}

func (r *Read) cells() []string {
	each := r.CPUSeconds * 1000 / float64(max(1, r.Milliseconds.Count))
	return []string{
		r.Operation, fmt.Sprint(r.Readers), ms(r.Milliseconds.P50), ms(r.Milliseconds.P99),
		fmt.Sprint(r.Milliseconds.Count), fmt.Sprint(r.Held), fmt.Sprint(total(r.Requests)), ms(each),
	}
}

func ms(v float64) string { return fmt.Sprintf("%.2f", v) }

func total(counts map[string]int) int {
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return sum
}

// counts prints counters, scaled, the total first.
func counts(all map[string]int, scale float64) string {
	if len(all) == 0 {
		return "0"
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		parts = append(parts, fmt.Sprintf("%s %s", name, amount(float64(all[name])*scale)))
	}
	return fmt.Sprintf("%s (%s)", amount(float64(total(all))*scale), strings.Join(parts, ", "))
}

// amount prints a number without a fraction of nothing.
func amount(v float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0") }
