package outcome

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/pattern"
)

// allowed tells whether a ClusterSecretStore's conditions let a namespace use it: none lets all, and one match in any
// field of any condition is enough. Regular expressions are not anchored, as in External Secrets Operator.
func (c *Catalog) allowed(namespace string, conditions []v1.ClusterSecretStoreCondition) bool {
	if len(conditions) == 0 {
		return true
	}
	return slices.ContainsFunc(conditions, func(condition v1.ClusterSecretStoreCondition) bool {
		return slices.Contains(condition.Namespaces, namespace) ||
			slices.ContainsFunc(condition.NamespaceRegexes, func(expression string) bool { return matches(expression, namespace) }) ||
			c.selected(namespace, condition.NamespaceSelector)
	})
}

// matches is false for an expression that does not compile: admission refuses those, and a store from before it opens to
// nobody.
func matches(expression, namespace string) bool {
	compiled, err := pattern.Compile(expression)
	return err == nil && compiled.MatchString(namespace)
}

func (c *Catalog) selected(namespace string, selector *metav1.LabelSelector) bool {
	if selector == nil {
		return false
	}
	compiled, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return false
	}
	set, found := c.Namespaces.NamespaceLabels(namespace)
	return found && compiled.Matches(set)
}
