package resolve

import (
	"maps"
	"slices"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/pattern"
	"github.com/live-secrets/external-secrets-apiserver/pkg/template"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// rewrite applies the operations in order, each to the result of the one before.
func (r *resolver) rewrite(operations []v1.Rewrite, in map[string]value.Value) (map[string]value.Value, error) {
	if len(operations) > maxRewrites {
		return nil, problemf("rewrite has more than %d operations", maxRewrites)
	}
	out := in
	for i, operation := range operations {
		var err error
		if out, err = r.operation(operation, out); err == nil {
			err = check(len(out), size(out))
		}
		if err != nil {
			return nil, problemf("rewrite[%d]: %s", i, message(err))
		}
	}
	return out, nil
}

func (r *resolver) operation(operation v1.Rewrite, in map[string]value.Value) (map[string]value.Value, error) {
	// Every key costs a step, so that an empty operation in thousands of entries comes to an end.
	if err := r.limits.budget.Spend(int64(len(in)) + 1); err != nil {
		return nil, err
	}
	switch {
	case operation.Merge != nil:
		return merge(operation.Merge, in)
	case operation.Regexp != nil:
		return r.regexp(operation.Regexp, in)
	case operation.Transform != nil:
		return r.transform(operation.Transform, in)
	default:
		return in, nil
	}
}

func (r *resolver) regexp(operation *v1.RewriteRegexp, in map[string]value.Value) (map[string]value.Value, error) {
	if len(operation.Target) > maxRenamed {
		return nil, problemf("regexp.target is longer than %d bytes", maxRenamed)
	}
	expression, err := pattern.Compile(operation.Source)
	if err != nil {
		return nil, problemf("regexp.source: %v", err)
	}
	return renameKeys(in, func(key string) (string, error) {
		// A key that came from the provider may be long; one that no Secret could have needs no renaming in sight of it.
		if len(key) > maxRenamed {
			return "", problemf("a key is longer than %d bytes", maxRenamed)
		}
		const perStep = 64
		cost, ok := expression.CostOfAll(key, maxSearch*perStep)
		if !ok || r.limits.budget.Spend(cost/perStep) != nil {
			return "", problem("regexp takes too many steps for so many keys")
		}
		return expression.ReplaceAllString(key, operation.Target), nil
	})
}

func (r *resolver) transform(operation *v1.RewriteTransform, in map[string]value.Value) (map[string]value.Value, error) {
	keys, err := template.NewKeys("transform.template", operation.Template, r.limits.budget)
	if err != nil {
		return nil, err
	}
	return renameKeys(in, keys.Render)
}

// renameKeys gives every value the name that rename makes of its key. Two keys that come to the same name are an error, as
// either would be lost; those that come to none are left out.
func renameKeys(in map[string]value.Value, rename func(string) (string, error)) (map[string]value.Value, error) {
	out := make(map[string]value.Value, len(in))
	for _, key := range slices.Sorted(maps.Keys(in)) {
		name, err := rename(key)
		if err != nil {
			return nil, err
		}
		if len(name) > maxRenamed {
			return nil, problemf("a key becomes longer than %d bytes", maxRenamed)
		}
		if name == "" {
			continue
		}
		if _, taken := out[name]; taken {
			return nil, problem("two keys come to the same name: make the names differ")
		}
		out[name] = in[key]
	}
	return out, nil
}
