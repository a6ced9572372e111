package secretstore

import (
	"context"
	"fmt"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage/names"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/validation"
	"github.com/live-secrets/external-secrets-apiserver/pkg/egress"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/registry/substatus"
)

// strategy is what happens to a store of either kind on its way into the Store.
type strategy struct {
	runtime.ObjectTyper
	names.NameGenerator
	kind      kind
	providers []provider.Provider
	// reach is where stores of the kind may be.
	reach *egress.Policy
}

func newStrategy(typer runtime.ObjectTyper, kind kind, providers []provider.Provider, reach *egress.Policy) strategy {
	return strategy{ObjectTyper: typer, NameGenerator: names.SimpleNameGenerator, kind: kind, providers: providers, reach: reach}
}

var (
	_ rest.RESTCreateStrategy  = strategy{}
	_ rest.RESTUpdateStrategy  = strategy{}
	_ rest.RESTDeleteStrategy  = strategy{}
	_ rest.ResetFieldsStrategy = strategy{}
)

func (s strategy) NamespaceScoped() bool { return s.kind.namespaced }

func (strategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return substatus.Fields(fieldpath.MakePathOrDie("status"))
}

func (strategy) PrepareForCreate(_ context.Context, obj runtime.Object) {
	view := mustView(obj)
	*view.status = v1.SecretStoreStatus{}
	view.meta.Generation = 1
}

func (strategy) PrepareForUpdate(_ context.Context, obj, old runtime.Object) {
	view, before := mustView(obj), mustView(old)
	*view.status = *before.status
	view.meta.Generation = before.meta.Generation
	if !apiequality.Semantic.DeepEqual(*view.spec, *before.spec) {
		view.meta.Generation++
	}
}

func (s strategy) Validate(_ context.Context, obj runtime.Object) field.ErrorList {
	view := mustView(obj)
	return validation.Bounded(append(validation.ObjectName(view.meta.Name), s.validate(view)...))
}

func (s strategy) ValidateUpdate(_ context.Context, obj, old runtime.Object) field.ErrorList {
	view, before := mustView(obj), mustView(old)
	// An object that is leaving, or whose spec stays, is never held back by a rule that came after it was stored.
	if view.meta.DeletionTimestamp != nil || apiequality.Semantic.DeepEqual(*view.spec, *before.spec) {
		return nil
	}
	return validation.Bounded(s.validate(view))
}

func (s strategy) validate(view store) field.ErrorList {
	errs := validation.StoreSpec(view.spec)
	path := field.NewPath("spec", "provider")
	chosen := s.chosen(view.spec.Provider)
	switch len(chosen) {
	case 0:
		return append(errs, field.Required(path, "must have exactly one of the providers of this server: "+namesOf(s.providers)))
	case 1:
		p := chosen[0]
		path = path.Child(p.Name())
		errs = append(errs, p.Validate(view.spec.Provider, path, view.cluster, view.meta.Namespace)...)
		return append(errs, s.validateSite(p, view.spec.Provider, path)...)
	default:
		return append(errs, field.Forbidden(path, fmt.Sprintf("must have exactly one provider, and has %s", namesOf(chosen))))
	}
}

// validateSite refuses a store at a site that it may not reach. What keeps a site from being told, Validate has said.
func (s strategy) validateSite(p provider.Provider, spec *v1.SecretStoreProvider, path *field.Path) field.ErrorList {
	site, err := p.Site(spec)
	if err != nil {
		return nil
	}
	if err := s.reach.Check(site); err != nil {
		return field.ErrorList{field.Forbidden(path.Child(p.SiteField()), err.Error())}
	}
	return nil
}

func (s strategy) chosen(spec *v1.SecretStoreProvider) []provider.Provider {
	if spec == nil {
		return nil
	}
	var chosen []provider.Provider
	for _, p := range s.providers {
		if p.In(spec) {
			chosen = append(chosen, p)
		}
	}
	return chosen
}

func (strategy) Canonicalize(runtime.Object) {}

func (strategy) AllowCreateOnUpdate(context.Context) bool      { return false }
func (strategy) AllowUnconditionalUpdate(context.Context) bool { return false }

func (s strategy) WarningsOnCreate(_ context.Context, obj runtime.Object) []string {
	return s.warnings(mustView(obj))
}

func (s strategy) WarningsOnUpdate(_ context.Context, obj, old runtime.Object) []string {
	view, before := mustView(obj), mustView(old)
	if apiequality.Semantic.DeepEqual(*view.spec, *before.spec) {
		return nil
	}
	return s.warnings(view)
}

// warnings are what the store's provider has to say about a spec that is accepted.
func (s strategy) warnings(view store) []string {
	var warnings []string
	for _, p := range s.chosen(view.spec.Provider) {
		if warner, ok := p.(provider.Warner); ok {
			warnings = append(warnings, warner.Warnings(view.spec.Provider, field.NewPath("spec", "provider", p.Name()))...)
		}
	}
	return warnings
}

// statusStrategy is what happens to a store that is written through its status subresource.
type statusStrategy struct {
	strategy
}

func (statusStrategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return substatus.Fields(fieldpath.MakePathOrDie("spec"), fieldpath.MakePathOrDie("metadata"))
}

// PrepareForUpdate keeps all but the status, as the status subresource of a CRD does.
func (statusStrategy) PrepareForUpdate(_ context.Context, obj, old runtime.Object) {
	view, before := mustView(obj), mustView(old)
	substatus.KeepMetadata(view.meta, before.meta)
	*view.spec = *before.spec
}

func (statusStrategy) ValidateUpdate(context.Context, runtime.Object, runtime.Object) field.ErrorList {
	return nil
}
