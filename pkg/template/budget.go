package template

import (
	"context"
	"errors"
	"time"
)

// The bounds of one Budget. They are far above what a Secret of 1 MiB takes, and low enough that a render which
// exhausts them ends within seconds at worst.
const (
	// maxSteps is how many nodes, calls and 64-byte pieces of arguments may be worked through.
	maxSteps = 1_000_000
	// maxBytes is how much functions may produce, all results together.
	maxBytes = 64 << 20
	// maxArgument is how long one argument of a function may be: some make ten times of it before anybody can count.
	maxArgument = 16 << 20
	// bytesPerStep is about what a step handles.
	bytesPerStep = 64
	// maxEffort is for functions that are slow by design (password hashes, keys): about hundredths of a second.
	maxEffort = 300
	// maxTime is for what the other bounds do not see: methods of values, comparisons of long texts. Nothing that stays
	// within the other bounds comes near it, so that results do not hang on how busy the machine is.
	maxTime = 10 * time.Second
)

// Budget is what a piece of work may use up. Several renders can share one. It is not safe for concurrent use.
type Budget struct {
	// err is a context's: a Budget lives as long as the call that it was made for.
	err                  func() error
	deadline             time.Time
	steps, bytes, effort int64
}

// NewBudget is a full Budget that ends with ctx, and some seconds from now at the latest.
func NewBudget(ctx context.Context) *Budget {
	return &Budget{err: ctx.Err, deadline: time.Now().Add(maxTime), steps: maxSteps, bytes: maxBytes, effort: maxEffort}
}

// Spend uses up steps. Its error is an *Error without a place.
func (b *Budget) Spend(steps int64) error {
	if steps < 0 || steps > b.steps {
		b.steps = 0
		return &Error{Class: TooManySteps}
	}
	b.steps -= steps
	return b.alive()
}

// produce uses up bytes of results, before they are made where that can be known.
func (b *Budget) produce(n int64) error {
	if n < 0 || n > b.bytes {
		return &Error{Class: TooLarge}
	}
	b.bytes -= n
	return nil
}

// toil uses up effort. What is slow by design cannot be stopped once it runs, so the deadline is looked at before.
func (b *Budget) toil(effort int64) error {
	if effort > b.effort {
		return &Error{Class: TooCostly}
	}
	b.effort -= effort
	return b.alive()
}

func (b *Budget) alive() error {
	err := b.err()
	if err == nil && time.Now().After(b.deadline) {
		err = context.DeadlineExceeded
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Class: DeadlineExceeded, cause: err}
	default:
		return &Error{Class: Canceled, cause: err}
	}
}
