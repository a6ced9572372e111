package matrix

import (
	"strings"
	"testing"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// occasion is what has something done about a Secret.
type occasion string

const (
	// soon: by itself, within seconds.
	soon occasion = "soon"
	// refreshed: when something at the provider or the ExternalSecret has it refreshed.
	refreshed occasion = "when it is refreshed"
	// edited: when the ExternalSecret changes.
	edited occasion = "when the ExternalSecret changes"
	never  occasion = "never"
)

// row is a combination of policies and what it comes to.
type row struct {
	creation v1.CreationPolicy
	refresh  v1.ExternalSecretRefreshPolicy
	// creates: a Secret that is missing is created.
	creates bool
	// follows: when a Secret gets the new value of the provider.
	follows occasion
	// overwrites: a Secret that stands gets the value of the provider when its ExternalSecret is created anew.
	overwrites bool
	// recreates: when a Secret that was deleted is made again.
	recreates occasion
	// keeps: a Secret outlives its ExternalSecret.
	keeps bool
}

var rows = []row{
	{v1.CreationOwner, v1.RefreshPolicyPeriodic, true, soon, true, soon, false},
	{v1.CreationOwner, v1.RefreshPolicyOnChange, true, edited, true, soon, false},
	{v1.CreationOwner, v1.RefreshPolicyCreatedOnce, true, never, true, soon, false},
	{v1.CreationOrphan, v1.RefreshPolicyPeriodic, true, soon, true, refreshed, true},
	{v1.CreationOrphan, v1.RefreshPolicyOnChange, true, edited, true, edited, true},
	{v1.CreationOrphan, v1.RefreshPolicyCreatedOnce, true, never, true, never, true},
	{v1.CreationMerge, v1.RefreshPolicyPeriodic, false, soon, true, never, true},
	{v1.CreationMerge, v1.RefreshPolicyOnChange, false, edited, true, never, true},
	{v1.CreationMerge, v1.RefreshPolicyCreatedOnce, false, never, true, never, true},
	{v1.CreationCreateOrMerge, v1.RefreshPolicyPeriodic, true, soon, true, soon, true},
	{v1.CreationCreateOrMerge, v1.RefreshPolicyOnChange, true, edited, true, soon, true},
	{v1.CreationCreateOrMerge, v1.RefreshPolicyCreatedOnce, true, never, true, soon, true},
	{v1.CreationNone, v1.RefreshPolicyPeriodic, false, never, false, never, true},
	{v1.CreationNone, v1.RefreshPolicyOnChange, false, never, false, never, true},
	{v1.CreationNone, v1.RefreshPolicyCreatedOnce, false, never, false, never, true},
}

// fixed is the row with immutable: true. What stands stays; what is missing is made all the same.
func (r row) fixed() row {
	r.follows, r.overwrites = never, false
	return r
}

func TestMatrix(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, r := range rows {
		name := strings.ToLower(string(r.creation) + "-" + string(r.refresh))
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f.run(t, name, r, false)
		})
		if r.creation == v1.CreationNone {
			continue
		}
		t.Run(name+"-immutable", func(t *testing.T) {
			t.Parallel()
			f.run(t, name+"-immutable", r.fixed(), true)
		})
	}
}
