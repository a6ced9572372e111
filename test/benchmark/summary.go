package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// The limits of a scope and of a server. Those of a number of requests are for each store's vault or folder.
const (
	limitRequests      = 8   // a minute, nothing changing
	limitFillRequests  = 3   // from nothing, beside one for each item
	limitFillTimes     = 2   // as long as bare Secrets take
	limitFillCPU       = 2   // seconds for 1000 ExternalSecrets
	limitChange        = 14  // seconds: the poll interval, two of quiet, two for all else
	limitMemory        = 400 // MiB with 10000 ExternalSecrets
	limitGet           = 2   // milliseconds beside the provider's
	limitGetTimes      = 2   // latencies of the provider for one of 100 readers
	limitListTimes     = 3   // as long as a LIST of what is stored
	listRows           = 5000
	manyExternalSecret = 10000
)

// eso are the numbers of External Secrets Operator 2.9 on the same control plane: 1000 ExternalSecrets, an interval of 30 s.
var eso = map[string]map[string]string{
	onepassword: {"requests": "8000", "writes": "2000", "fill": "11 s", "fillCPU": "3.5 to 4.3 s", "cpu": "5.5 s", "memory": "110 to 220 MiB", "change": "2 to 19 s"},
	infisical:   {"requests": "6000", "writes": "2000", "fill": "11 s", "fillCPU": "3.5 to 4.3 s", "cpu": "5.5 s", "memory": "110 to 220 MiB", "change": "2 to 19 s"},
}

// summary is a result beside the limits and what ESO needs.
func (r *Result) summary() *table {
	t := &table{head: []string{"what", "measured", "limit", "", "ESO 2.9"}}
	if r.Fill.CPUSeconds > 0 {
		r.addFill(t)
	}
	if a := r.Apart; a != nil {
		t.row("CPU for accepting the ExternalSecrets alone", seconds(a.Accepting.CPUSeconds))
		t.row("CPU for their Secrets, from those that are stored", seconds(a.Making.CPUSeconds), "", "", r.eso("fillCPU"))
		t.row("requests for them", fmt.Sprint(total(a.Making.Requests)))
	}
	if r.Steady.Seconds > 0 {
		r.addSteady(t)
	}
	if r.Changes.Items > 0 {
		r.addChanges(t)
	}
	r.addReads(t)
	if r.Soak != nil {
		t.row(fmt.Sprintf("memory over %.0f minutes of changes", r.Soak.Seconds/60), listed(r.Soak.MiB)+" MiB", "flat")
	}
	return t
}

// eso is ESO's number, where the row is of the size that it was measured with.
func (r *Result) eso(what string) string {
	if r.Row.Size.Secrets != 1000 || r.Row.Delay != 0 {
		return ""
	}
	return eso[r.Row.Provider][what]
}

func (r *Result) addFill(t *table) {
	f, size := &r.Fill, r.Row.Size
	t.row("as many bare Secrets, 16 workers", seconds(f.BareSeconds))
	t.row("ExternalSecrets accepted, 16 workers", seconds(f.AcceptSeconds))
	last := limit{measured: f.LastSeconds, most: limitFillTimes * f.BareSeconds, unit: seconds, holds: r.Row.Delay == 0}
	t.row("last Secret after the last was accepted", last.cells(r.eso("fill"))...)
	cpu := limit{measured: f.CPUSeconds, most: limitFillCPU, unit: seconds, holds: size.Secrets == 1000}
	t.row("CPU from nothing", cpu.cells(r.eso("fillCPU"))...)
	requests := limit{measured: float64(total(f.Requests)), most: float64(size.Stores * (size.Items + limitFillRequests)), unit: amount, holds: true}
	t.row("requests from nothing", requests.cells("")...)
}

func (r *Result) addSteady(t *table) {
	s := &r.Steady
	perMinute := 60 / s.Seconds
	requests := limit{measured: float64(total(s.Requests)) * perMinute, most: float64(limitRequests * r.Row.Size.Stores), unit: amount, holds: true}
	t.row("requests a minute, nothing changing", requests.cells(r.eso("requests"))...)
	for _, part := range []struct {
		where, eso string
		writes     map[string]int
	}{{"to the host", "", s.HostWrites}, {"to our own etcd", r.eso("writes"), s.OwnWrites}} {
		writes := limit{measured: float64(total(part.writes)) * perMinute, unit: amount, holds: true}
		t.row("writes a minute "+part.where, writes.cells(part.eso)...)
	}
	t.row("CPU a minute", seconds(s.CPUSeconds*perMinute), "", "", r.eso("cpu"))
	t.row("memory", mebibytes(s.MiB), "", "", r.eso("memory"))
	peak := limit{measured: s.PeakMiB, most: limitMemory, unit: mebibytes, holds: r.Row.Size.Secrets <= manyExternalSecret}
	t.row("memory at its peak, before any LIST", peak.cells("")...)
}

func (r *Result) addChanges(t *table) {
	c := &r.Changes
	t.row(fmt.Sprintf("a change arrives (%d items, %d Secrets), p50", c.Items, c.Seconds.Count), seconds(c.Seconds.P50), "", "", r.eso("change"))
	p99 := limit{measured: c.Seconds.P99, most: limitChange, unit: seconds, holds: true}
	t.row("a change arrives, p99", p99.cells("")...)
	t.row("requests meanwhile", fmt.Sprint(total(c.Requests)))
	writes := limit{measured: float64(c.SecretWrites), most: float64(c.Seconds.Count), unit: amount, holds: true}
	t.row("Secrets written meanwhile", writes.cells("")...)
}

func (r *Result) addReads(t *table) {
	provider := r.Reads.ProviderMilliseconds.P50
	if lone := r.read(opGet, 1); lone != nil {
		adds := limit{measured: lone.Milliseconds.P50 - provider, most: limitGet, unit: ms, holds: true}
		t.row("a lone live GET adds to the provider's latency, p50", adds.cells("")...)
	}
	if stored := r.read(opStoredGet, 1); stored != nil {
		t.row("a GET of what is stored, p50: what kube-apiserver and we take anyway", ms(stored.Milliseconds.P50))
	}
	if crowd := r.read(opGet, 100); crowd != nil {
		wait := limit{measured: crowd.Milliseconds.P99, most: limitGetTimes * provider, unit: ms, holds: r.Row.Delay > 0}
		t.row("a live GET among 100, p99", wait.cells("")...)
	}
	if stored := r.read(opStoredGet, 100); stored != nil {
		t.row("a GET of what is stored among 100, p99: what kube-apiserver and we take anyway", ms(stored.Milliseconds.P99))
	}
	live, stored := r.read(opList, 1), r.read(opStoredList, 1)
	if live != nil && stored != nil {
		times := limit{
			measured: live.Milliseconds.P50 / stored.Milliseconds.P50, most: limitListTimes, unit: factor,
			holds: r.Row.Size.Secrets == listRows && r.Row.Delay == 0,
		}
		t.row("a live LIST, to one of what is stored, p50", times.cells("")...)
	}
}

// limit is what was measured, beside what it may be at most. holds tells whether the limit is for such a row.
type limit struct {
	measured, most float64
	unit           func(float64) string
	holds          bool
}

func (l limit) cells(eso string) []string {
	cells := []string{l.unit(l.measured), "", "", eso}
	if l.holds {
		cells[1], cells[2] = l.unit(l.most), "held"
		if l.measured > l.most {
			cells[2] = "MISSED"
		}
	}
	return cells
}

func seconds(v float64) string { return fmt.Sprintf("%.2f s", v) }

func mebibytes(v float64) string { return fmt.Sprintf("%.0f MiB", v) }

func ms(v float64) string { return fmt.Sprintf("%.2f ms", v) }

func factor(v float64) string { return fmt.Sprintf("%.1f times", v) }

// amount prints a number without a fraction of nothing.
func amount(v float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0") }

func listed(all []float64) string {
	var parts []string
	for _, v := range all {
		parts = append(parts, fmt.Sprintf("%.0f", v))
	}
	return strings.Join(parts, ", ")
}

func total(counts map[string]int) int {
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return sum
}

// breakdown tells which requests and writes the summary counts.
func (r *Result) breakdown(w io.Writer) {
	perMinute := 60 / r.Steady.Seconds
	for _, part := range []struct {
		what   string
		counts map[string]int
		scale  float64
	}{
		{"requests from nothing", r.Fill.Requests, 1},
		{"requests a minute", r.Steady.Requests, perMinute},
		{"writes a minute to the host", r.Steady.HostWrites, perMinute},
		{"writes a minute to our own etcd", r.Steady.OwnWrites, perMinute},
		{"requests while items change", r.Changes.Requests, 1},
	} {
		if len(part.counts) > 0 {
			fmt.Fprintf(w, "- %s: %s\n", part.what, byName(part.counts, part.scale))
		}
	}
}

// byName prints counters, scaled.
func byName(counts map[string]int, scale float64) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%s %s", amount(float64(counts[name])*scale), name))
	}
	return strings.Join(parts, ", ")
}
