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
	// RequestSent tells of a request that such a call makes: there may be none or several.
	RequestSent(provider string, op Operation)
	// RequestAnswered tells how one such request ended, and how long it took: with an HTTP status, or 0 where there was no
	// answer. What differs from request to request is no part of the route.
	RequestAnswered(provider, route string, status int, took time.Duration)
	// SentAway tells of a call of Inputs that was answered without what it asked for being asked of the provider.
	SentAway(provider string, why Away)
	// RevalidationSaved tells that a caller shares a revalidation which another one caused.
	RevalidationSaved(provider string)
	// ViewAge tells how old the oldest picture was that a call of Inputs was answered from.
	ViewAge(provider string, age time.Duration)
	// Held tells how many bytes all Sources hold.
	Held(bytes int64)
}

// Away is why a caller did not get what it came for.
type Away string

// What sends callers away.
const (
	// Crowded is that too many wait already.
	Crowded Away = "crowded"
	// NoBudget is that what the site has for callers is used up, NoShare that the user's part of it is.
	NoBudget Away = "budget"
	NoShare  Away = "share"
	// Paused is that the provider asked for a rest.
	Paused Away = "paused"
	// Barred is that the provider missed a deadline, or refused the credential, and has not answered since.
	Barred Away = "barred"
	// NoTime is that the caller's own time was over.
	NoTime Away = "time"
)

type noMetrics struct{}

func (noMetrics) RequestSent(string, Operation) {}
func (noMetrics) SentAway(string, Away)         {}

func (noMetrics) RequestAnswered(string, string, int, time.Duration) {}

func (noMetrics) RequestDone(string, Operation, provider.Reason, time.Duration) {}
func (noMetrics) RevalidationSaved(string)                                      {}
func (noMetrics) ViewAge(string, time.Duration)                                 {}
func (noMetrics) Held(int64)                                                    {}
