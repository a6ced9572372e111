package provider

import (
	"hash/maphash"
	"time"
)

// Result is what became of one Need: an Answer or an error, never both.
type Result struct {
	Answer Answer
	Err    error
	// Observed is when the oldest revalidation that the result rests on began; zero where nothing was ever seen.
	Observed time.Time
	// Late is set where Observed is earlier than the caller asked for.
	Late bool
	// Gone is set on a NotFound alone, and only on positive evidence: every scope that could hold the key answered, the
	// key was absent twice at least one poll apart, and a direct request said so (Client.Confirm).
	Gone bool
	// Stamp tells what the Answer was looked up in. It is zero beside an Err.
	Stamp Stamp
}

// Stamp stands for the pictures and parts that an Answer was looked up in, in the order of look-up. Two Answers to one Need
// with equal Stamps are equal, but for what time alone changes of one that has an Origin. The zero Stamp says nothing. It
// tells nothing of what was seen, and means nothing to another process.
type Stamp uint64

var stampSeed = maphash.MakeSeed()

// With is the Stamp of what s stands for and what next stands for after it. It says nothing where one of both does not.
func (s Stamp) With(next Stamp) Stamp {
	if s == 0 || next == 0 {
		return 0
	}
	return Stamp(maphash.Comparable(stampSeed, [2]Stamp{s, next}))
}

// Inputs is what the Needs of one ExternalSecret at one store came to. It is immutable: exactly what the Needs name.
type Inputs struct {
	results map[Need]Result
}

// NewInputs owns results.
func NewInputs(results map[Need]Result) Inputs {
	return Inputs{results: results}
}

// FailedInputs answers every Need with one error, for a store that cannot be used at all.
func FailedInputs(needs []Need, err error) Inputs {
	results := make(map[Need]Result, len(needs))
	for _, n := range needs {
		results[n] = Result{Err: err}
	}
	return Inputs{results: results}
}

// Result of a Need. A Need that was not asked for is Invalid: the caller's Needs and its spec disagree.
func (in Inputs) Result(n Need) Result {
	if r, ok := in.results[n]; ok {
		return r
	}
	return Result{Err: Errorf(Invalid, "key %q was not asked for", n.Key)}
}

// Len is the number of Needs that were asked for.
func (in Inputs) Len() int { return len(in.results) }
