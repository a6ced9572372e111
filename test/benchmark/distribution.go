package main

import (
	"cmp"
	"math"
	"slices"
)

// Distribution is what many measurements came to.
type Distribution struct {
	Count int     `json:"count"`
	P50   float64 `json:"p50"`
	P99   float64 `json:"p99"`
	Max   float64 `json:"max"`
}

// distribution sorts the measurements.
func distribution(all []float64) Distribution {
	if len(all) == 0 {
		return Distribution{}
	}
	slices.SortFunc(all, cmp.Compare)
	return Distribution{Count: len(all), P50: quantile(all, 0.5), P99: quantile(all, 0.99), Max: all[len(all)-1]}
}

// quantile is the smallest of sorted measurements that a share of them does not exceed.
func quantile(sorted []float64, share float64) float64 {
	return sorted[int(math.Ceil(share*float64(len(sorted))))-1]
}
