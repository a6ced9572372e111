package main

import (
	"fmt"
	"regexp"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/test/fleet"
)

// Row is one run: a cluster of its own, a server of its own, and what is asked of them.
type Row struct {
	Name string `json:"name"`
	// Provider is "onepassword" or "infisical".
	Provider string     `json:"provider"`
	Size     fleet.Size `json:"size"`
	// Delay is how long the provider takes for each answer.
	Delay time.Duration `json:"delay"`
	// Readers are the numbers of readers that read at the same time, one after the other.
	Readers []int `json:"readers"`
	// Hang has the provider of one more store hang, and shows what that does to readers of the others.
	Hang bool `json:"hang,omitempty"`
	// Apart shows what accepting ExternalSecrets and making their Secrets cost, the one after the other, and nothing else.
	Apart bool `json:"apart,omitempty"`
}

const (
	onepassword = "onepassword"
	infisical   = "infisical"
	// keys is the number of items of all stores together.
	keys       = 1000
	namespaces = 20
)

func row(provider string, secrets, stores int, delay time.Duration, readers ...int) Row {
	return Row{
		Name:     fmt.Sprintf("%s-%d-%d-%s", provider, secrets, stores, delay),
		Provider: provider,
		Size:     fleet.Size{Secrets: secrets, Stores: stores, Items: max(1, keys/stores), Namespaces: namespaces},
		Delay:    delay,
		Readers:  readers,
	}
}

func hang(r Row) Row {
	r.Name += "-hang"
	r.Hang = true
	return r
}

func apart(r Row) Row {
	r.Name += "-apart"
	r.Apart = true
	return r
}

// quickRows take about two minutes.
func quickRows() []Row {
	return []Row{
		row(onepassword, 1000, 1, 0, 1, 10, 100),
		row(infisical, 1000, 1, 0),
	}
}

// fullRows are those of docs/performance.md. Not everything is crossed with everything: each row has something to show.
func fullRows() []Row {
	const short, long = 20 * time.Millisecond, 200 * time.Millisecond
	return []Row{
		row(onepassword, 1000, 1, 0, 1, 10, 100),
		apart(row(onepassword, 1000, 1, 0)),
		row(infisical, 1000, 1, 0, 1, 10, 100),
		row(onepassword, 1000, 1, short, 1, 10, 100),
		row(onepassword, 1000, 1, long, 1, 10, 100),
		row(infisical, 1000, 1, long, 1, 10, 100),
		row(onepassword, 1000, 10, short, 1, 100),
		row(onepassword, 1000, 100, short, 1, 100),
		row(onepassword, 5000, 1, 0, 1, 10),
		row(infisical, 5000, 10, short, 1, 10),
		row(onepassword, 10000, 1, 0, 1, 10),
		row(onepassword, 10000, 100, short, 1, 100),
		row(infisical, 10000, 100, short, 1, 100),
		hang(row(onepassword, 1000, 10, short, 1, 10)),
	}
}

// chosen are the rows whose name matches.
func chosen(rows []Row, pattern string) ([]Row, error) {
	expression, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("-run: %w", err)
	}
	var matching []Row
	for _, r := range rows {
		if expression.MatchString(r.Name) {
			matching = append(matching, r)
		}
	}
	if len(matching) == 0 {
		return nil, fmt.Errorf("-run: no row's name matches %s", pattern)
	}
	return matching, nil
}
