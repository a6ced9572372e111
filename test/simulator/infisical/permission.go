package infisical

import (
	"fmt"
	"net/http"
	"slices"
)

// Access is what an identity may do with secrets.
type Access int

const (
	// Full is reading values.
	Full Access = iota
	// Describe is seeing secrets without their values.
	Describe
	// None is nothing.
	None
)

// Rule sets the access to a folder and all below it. Empty Project and
// Environment stand for all of them.
type Rule struct {
	Project     string // slug
	Environment string // slug
	Path        string
	Access      Access
}

// member says whether the identity belongs to a project.
func (i *identity) member(p *project) bool {
	return len(i.Projects) == 0 || slices.Contains(i.Projects, p.slug)
}

// access returns what the identity may do in a folder; the last rule that
// matches holds.
func (i *identity) access(p *project, environment, at string) Access {
	for _, rule := range slices.Backward(i.Rules) {
		if (rule.Project == "" || rule.Project == p.slug) &&
			(rule.Environment == "" || rule.Environment == environment) && within(cleanPath(at), rule.Path) {
			return rule.Access
		}
	}
	return Full
}

func denied(environment, at string) error {
	return &failure{
		Status:  http.StatusForbidden,
		Name:    "PermissionDenied",
		Message: "You are not allowed to read on secrets",
		Details: []map[string]any{{
			"action":     "readValue",
			"subject":    "secrets",
			"inverted":   false,
			"conditions": map[string]string{"environment": environment, "secretPath": at},
		}},
	}
}

func notMember(p *project) error {
	return &failure{
		Status:  http.StatusForbidden,
		Name:    "PermissionDenied",
		Message: fmt.Sprintf("The identity does not belong to the project with ID '%s'", p.id),
		Details: []any{},
	}
}
