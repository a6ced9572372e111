package main

import "fmt"

// overview has a line for each row.
func (r *Report) overview() *table {
	t := &table{head: []string{
		"row", "last Secret", "bare Secrets", "CPU from nothing", "requests from nothing", "requests a minute", "writes a minute",
		"CPU a minute", "peak MiB", "change p50, p99", "live GET adds", "GET among 100, p99", "LIST, to stored",
	}}
	for i := range r.Results {
		t.row(r.Results[i].Row.Name, r.Results[i].line()...)
	}
	return t
}

func (r *Result) line() []string {
	perMinute := 60 / r.Steady.Seconds
	cells := []string{
		seconds(r.Fill.LastSeconds), seconds(r.Fill.BareSeconds), seconds(r.Fill.CPUSeconds), fmt.Sprint(total(r.Fill.Requests)),
		amount(float64(total(r.Steady.Requests)) * perMinute),
		amount(float64(total(r.Steady.HostWrites)+total(r.Steady.OwnWrites)) * perMinute),
		seconds(r.Steady.CPUSeconds * perMinute), fmt.Sprintf("%.0f", r.Steady.PeakMiB),
		fmt.Sprintf("%.1f s, %.1f s", r.Changes.Seconds.P50, r.Changes.Seconds.P99),
		"", "", "",
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
