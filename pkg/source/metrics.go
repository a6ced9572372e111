package source

import (
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// Operation is a call of a provider.Client that may cause requests.
type Operation string

// The operations that Metrics hears of.
const (
	Revalidate Operation = "revalidate"
	Load       Operation = "load"
	Confirm    Operation = "confirm"
	Check      Operation = "check"
)

// Metrics hears what Sources do. Its methods must not block and are safe for concurrent use.
type Metrics interface {
	// RequestDone tells of a call of a provider: the provider's name, the operation, the Reason of its failure (empty
	// for none), and how long it took.
	RequestDone(provider string, op Operation, reason provider.Reason, took time.Duration)
	// RevalidationSaved tells that a caller shares a revalidation which another one caused.
	RevalidationSaved(provider string)
	// ViewAge tells how old the oldest picture was that a call of Inputs was answered from.
	ViewAge(provider string, age time.Duration)
	// Held tells how many bytes all Sources hold.
	Held(bytes int64)
}

type noMetrics struct{}

func (noMetrics) RequestDone(string, Operation, provider.Reason, time.Duration) {}
func (noMetrics) RevalidationSaved(string)                                      {}
func (noMetrics) ViewAge(string, time.Duration)                                 {}
func (noMetrics) Held(int64)                                                    {}
