package source

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// warm is a Source that holds all of 1000 items, which 1000 owners want.
func warm(b *testing.B, parts bool) (*Source, []provider.Need) {
	backend := newBackend(nil)
	backend.parts = parts
	var all []provider.Need
	for i := range 1000 {
		backend.vaults["a"][fmt.Sprint("item", i)] = 1
		all = append(all, need(fmt.Sprint("a/item", i)))
	}
	s := New(Config{Providers: []provider.Provider{backend}})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	b.Cleanup(func() { cancel(); <-ended })
	src, err := s.Get(theStore, token("one"))
	if err != nil {
		b.Fatal(err)
	}
	for i, n := range all {
		src.Want(uid(i), "team", []provider.Need{n})
	}
	if r := src.Inputs(ctx, all, time.Now()).Result(all[999]); r.Err != nil {
		b.Fatal(r.Err)
	}
	return src, all
}

// BenchmarkInputs is a read of a warm Source by an ExternalSecret with n keys: what a LIST pays for each of its rows.
func BenchmarkInputs(b *testing.B) {
	for _, parts := range []bool{false, true} {
		for _, n := range []int{1, 10} {
			b.Run(fmt.Sprintf("parts=%v/needs=%d", parts, n), func(b *testing.B) {
				src, all := warm(b, parts)
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					at := i * n % 1000
					src.Inputs(b.Context(), all[at:at+n], time.Time{})
				}
			})
		}
	}
}

func BenchmarkInputsParallel(b *testing.B) {
	src, all := warm(b, true)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			src.Inputs(context.Background(), all[i%1000:i%1000+1], time.Time{})
		}
	})
}

// BenchmarkGet is what finding the Source of a store costs.
func BenchmarkGet(b *testing.B) {
	src, _ := warm(b, false)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := src.sources.Get(theStore, token("one")); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTidy is one round of looking for what nobody needs, with 1000 needs.
func BenchmarkTidy(b *testing.B) {
	src, _ := warm(b, true)
	b.ReportAllocs()
	for b.Loop() {
		src.mu.Lock()
		src.untidy, src.tidiedAt = true, time.Time{}
		src.mu.Unlock()
		src.tidy(time.Now())
	}
}

// BenchmarkSift is a new picture of a scope of which 10000 owners want an item each: finding out whom it touches.
func BenchmarkSift(b *testing.B) {
	for _, parts := range []bool{false, true} {
		b.Run(fmt.Sprintf("parts=%v", parts), func(b *testing.B) {
			src, _ := warm(b, parts)
			for i := range 10000 {
				src.Want(uid(i), "team", needs(fmt.Sprintf("a/item%d", i)))
			}
			wait := func() (waits bool) {
				src.mu.Lock()
				defer src.mu.Unlock()
				return src.sifting.running
			}
			for wait() {
				time.Sleep(time.Millisecond)
			}
			b.ReportAllocs()
			for b.Loop() {
				src.mu.Lock()
				src.sifting.running = true
				src.sifting.scopes[provider.Scope{Name: "a"}] = false
				src.mu.Unlock()
				src.sift(b.Context())
			}
			b.StopTimer()
			src.mu.Lock()
			src.sifting.scopes[provider.Scope{Name: "a"}] = false
			src.mu.Unlock()
			began := time.Now()
			src.copyForSift(b.Context())
			b.ReportMetric(float64(time.Since(began).Microseconds()), "µs-locked")
		})
	}
}
