package main

import "fmt"

// overview has a line for each row.
func (r *Report) overview() *table {
	t := &table{head: []string{
		"row", "last Secret", "bare Secrets", "CPU from nothing", "requests from nothing", "requests a minute", "writes a minute",
		"CPU a minute", "peak MiB", "change p50, p99", "live GET adds", "GET among 100, p99", "LIST, to stored",
	}}
	for i := range r.Results {
		if r.Results[i].Apart == nil {
			t.row(r.Results[i].Row.Name, r.Results[i].line()...)
		}
	}
	return t
}

// line is the row of a result. What was not measured is empty.
func (r *Result) line() []string {
	cells := make([]string, 12)
	if f := &r.Fill; f.CPUSeconds > 0 {
		cells[0], cells[1], cells[2], cells[3] = seconds(f.LastSeconds), seconds(f.BareSeconds), seconds(f.CPUSeconds), fmt.Sprint(total(f.Requests))
	}
	if s := &r.Steady; s.Seconds > 0 {
		perMinute := 60 / s.Seconds
		cells[4] = amount(float64(total(s.Requests)) * perMinute)
		cells[5] = amount(float64(total(s.HostWrites)+total(s.OwnWrites)) * perMinute)
		cells[6], cells[7] = seconds(s.CPUSeconds*perMinute), fmt.Sprintf("%.0f", s.PeakMiB)
	}
	if c := &r.Changes; c.Items > 0 {
		cells[8] = fmt.Sprintf("%.1f s, %.1f s", c.Seconds.P50, c.Seconds.P99)
	}
	const adds, among, list = 9, 10, 11
	if read := r.read(opGet, 1); read != nil {
		cells[adds] = ms(read.Milliseconds.P50 - r.Reads.ProviderMilliseconds.P50)
	}
	if read := r.read(opGet, 100); read != nil {
		cells[among] = ms(read.Milliseconds.P99)
	}
	if live, stored := r.read(opList, 1), r.read(opStoredList, 1); live != nil && stored != nil {
		cells[list] = factor(live.Milliseconds.P50 / stored.Milliseconds.P50)
	}
	return cells
}
