package main

import "fmt"

var readColumns = []string{"readers", "p50", "p99", "answers", "of them older than asked for", "requests", "CPU each"}

func (r *Result) readsTable() *table {
	t := &table{head: append([]string{"operation"}, readColumns...)}
	provider := r.Reads.ProviderMilliseconds
	t.row("the provider itself", "1", ms(provider.P50), ms(provider.P99), fmt.Sprint(provider.Count))
	for i := range r.Reads.Operations {
		read := &r.Reads.Operations[i]
		t.row(read.Operation, read.cells()...)
	}
	t.row("memory at its peak", mebibytes(r.Reads.PeakMiB))
	return t
}

func (r *Result) hangTable() *table {
	t := &table{head: append([]string{"one store's provider hangs"}, readColumns...)}
	t.row("GET of the other stores, before", r.Hang.Before.cells()...)
	t.row("GET of the other stores, meanwhile", r.Hang.During.cells()...)
	hanging := r.Hang.Hanging
	t.row("GET of the store itself", fmt.Sprint(hangingReaders), ms(hanging.P50), ms(hanging.P99), fmt.Sprint(hanging.Count))
	return t
}

func (r *Read) cells() []string {
	each := r.CPUSeconds * 1000 / float64(max(1, r.Milliseconds.Count))
	return []string{
		fmt.Sprint(r.Readers), ms(r.Milliseconds.P50), ms(r.Milliseconds.P99),
		fmt.Sprint(r.Milliseconds.Count), fmt.Sprint(r.Held), fmt.Sprint(total(r.Requests)), ms(each),
	}
}
