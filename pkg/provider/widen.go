package provider

// Widener is a Client for which one wider scope can stand for several narrow ones. Scopes prefers such a scope while it is
// among the known ones.
type Widener interface {
	// Wider chooses what should stand for narrow scopes. using are those of an earlier choice that are in use: they are kept
	// for longer than they would be chosen anew. Pure.
	Wider(narrow, using []Scope) []Wide
	// Shows tells whether a wide scope's picture has what that of a narrow one would have. Pure.
	Shows(wide Picture, narrow Scope) bool
}

// Wide is a scope that can stand Instead of others.
type Wide struct {
	Scope   Scope
	Instead []Scope
}
