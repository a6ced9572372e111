package provider

import "time"

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
