package template

import "errors"

// Keys renders the keys of one rewrite.transform.
type Keys struct {
	place   string
	program *program
	budget  *Budget
}

// NewKeys parses a rewrite.transform at place, a field as messages name it. Rendering spends of the budget for every key. A
// function that draws from randomness or reads the clock is refused: keys would change with every read. Errors are *Error.
func NewKeys(place, text string, budget *Budget) (*Keys, error) {
	var failure *Error
	if errors.As(budget.Spend(compileCost(text)), &failure) {
		return nil, failure.at(place)
	}
	p, err := compile(text)
	if err != nil {
		return nil, err.at(place)
	}
	if name, random := p.randomFunction(); random {
		return nil, &Error{Place: place, Function: name, Class: NotDeterministic}
	}
	return &Keys{place: place, program: p, budget: budget}, nil
}

// Render is the new name of key. The template sees the key as .value; any other field is without value, as in ESO.
func (k *Keys) Render(key string) (string, error) {
	out, err := k.program.execute(k.budget, map[string]string{"value": key}, false)
	if err != nil {
		return "", err.at(k.place)
	}
	return out, nil
}
