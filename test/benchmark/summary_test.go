package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLimit(t *testing.T) {
	for name, c := range map[string]struct {
		limit limit
		want  []string
	}{
		"held":    {limit{measured: 8, most: 8, unit: amount, holds: true}, []string{"8", "8", "held", "eso"}},
		"missed":  {limit{measured: 8.1, most: 8, unit: amount, holds: true}, []string{"8.1", "8", "MISSED", "eso"}},
		"no rule": {limit{measured: 9, most: 8, unit: amount}, []string{"9", "", "", "eso"}},
		"of none": {limit{measured: 1, unit: amount, holds: true}, []string{"1", "0", "MISSED", "eso"}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, c.limit.cells("eso")) })
	}
}

func TestAResultBesideItsLimits(t *testing.T) {
	result := Result{
		Row:    row(onepassword, 1000, 1, 0, 1),
		Fill:   Fill{BareSeconds: 1, LastSeconds: 2.5, cost: cost{CPUSeconds: 1, Requests: map[string]int{"GET /v1/vaults": 1003}}},
		Steady: Steady{Seconds: 30, cost: cost{Requests: map[string]int{"GET /v1/vaults": 5}}, OwnWrites: map[string]int{"externalsecrets": 1}},
		Reads: Reads{
			ProviderMilliseconds: Distribution{P50: 1},
			Operations: []Read{
				{Operation: opGet, Readers: 1, Milliseconds: Distribution{P50: 2.5}},
				{Operation: opList, Readers: 1, Milliseconds: Distribution{P50: 30}},
				{Operation: opStoredList, Readers: 1, Milliseconds: Distribution{P50: 20}},
			},
		},
	}
	report := Report{Results: []Result{result}}
	var out bytes.Buffer
	report.print(&out)
	found := map[string][]string{}
	for line := range strings.Lines(out.String()) {
		cells := strings.Split(line, "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if len(cells) > 5 {
			found[cells[1]] = cells[2:5]
		}
	}
	for what, want := range map[string][]string{
		"last Secret after the last was accepted":             {"2.50 s", "2.00 s", "MISSED"},
		"requests from nothing":                               {"1003", "1003", "held"},
		"requests a minute, nothing changing":                 {"10", "8", "MISSED"},
		"writes a minute to our own etcd":                     {"2", "0", "MISSED"},
		"writes a minute to the host":                         {"0", "0", "held"},
		"a lone live GET adds to the provider's latency, p50": {"1.50 ms", "2.00 ms", "held"},
		"a live LIST, to one of what is stored, p50":          {"1.5 times", "", ""},
		result.Row.Name:                                       {"2.50 s", "1.00 s", "1.00 s"},
	} {
		require.Equal(t, want, found[what], what)
	}
}

func TestWhatWasNotMeasuredIsNotShown(t *testing.T) {
	result := Result{
		Row:   apart(row(onepassword, 1000, 1, 0)),
		Apart: &Apart{Accepting: cost{CPUSeconds: 1}, Making: cost{CPUSeconds: 1.5, Requests: map[string]int{"GET /v1/vaults": 3}}},
	}
	require.Equal(t, [][]string{
		{"CPU for accepting the ExternalSecrets alone", "1.00 s", "", "", ""},
		{"CPU for their Secrets, from those that are stored", "1.50 s", "", "", "3.5 to 4.3 s"},
		{"requests for them", "3", "", "", ""},
	}, result.summary().rows)
	require.Empty(t, (&Report{Results: []Result{result}}).overview().rows)
	require.Equal(t, make([]string, 12), (&Result{}).line())
}

func TestChosenRows(t *testing.T) {
	all, err := chosen(fullRows(), "")
	require.NoError(t, err)
	names := map[string]bool{}
	for _, r := range all {
		require.False(t, names[r.Name], r.Name)
		names[r.Name] = true
	}
	some, err := chosen(fullRows(), "^infisical-10000")
	require.NoError(t, err)
	require.Len(t, some, 1)
	require.Equal(t, 100, some[0].Size.Stores)
	for _, wrong := range []string{"no such row", "("} {
		_, err = chosen(fullRows(), wrong)
		require.ErrorContains(t, err, "-run")
	}
}
