package provider

import "context"

// Surveyor is a Client one request of which can tell about several scopes. Where a scope is the only one of its store that
// is due, Revalidate costs no more.
type Surveyor interface {
	// Survey asks once what all of the scopes show. It returns one Sight for each of them, in their order. An error says
	// nothing of any of them but that this request failed.
	Survey(ctx context.Context, asked []Asked) ([]Sight, error)
}

// Asked is what a Survey is asked of one scope; its fields are those that Revalidate has.
type Asked struct {
	Scope    Scope
	Held     Picture
	Thorough bool
}

// Sight is what a Survey saw of a scope. The zero Sight saw nothing of it: Revalidate has to be asked.
type Sight struct {
	// Unchanged tells that the scope shows what is held.
	Unchanged bool
	// Rest, where the scope shows something else, asks for what the Survey did not tell, as Revalidate would have.
	Rest func(context.Context) (Picture, error)
}

// Blind tells that the Survey saw nothing of the scope.
func (s Sight) Blind() bool { return !s.Unchanged && s.Rest == nil }
