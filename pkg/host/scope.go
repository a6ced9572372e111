package host

import (
	"fmt"
	"slices"
)

// FlagNamespaces is the flag of the server that a Scope comes from.
const FlagNamespaces = "watch-namespaces"

// Scope is what of the cluster a Host sees beside its namespaces themselves. The zero Scope is all.
type Scope struct {
	// Namespaces are those whose objects are seen; nil for all.
	Namespaces []string
	// Besides are objects elsewhere that are seen all the same: Secrets, ConfigMaps or service accounts.
	Besides []Object
}

// Outside is the error of what would be done in a namespace that is not in scope. Its text is for users.
type Outside struct{ Namespace string }

// Error names the namespace and the flag.
func (o *Outside) Error() string {
	return fmt.Sprintf("namespace %s is not one of --%s of this server, which has no rights to what is in it", o.Namespace, FlagNamespaces)
}

// Covers returns an *Outside for a namespace whose objects are neither seen nor to be read or written.
func (h *Host) Covers(namespace string) error {
	if h.scope.Namespaces == nil || slices.Contains(h.scope.Namespaces, namespace) {
		return nil
	}
	return &Outside{namespace}
}
