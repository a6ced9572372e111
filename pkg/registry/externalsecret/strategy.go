package externalsecret

import (
	"context"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage/names"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/validation"
	"github.com/live-secrets/external-secrets-apiserver/pkg/registry/substatus"
	"github.com/live-secrets/external-secrets-apiserver/pkg/template"
)

// strategy is what happens to an ExternalSecret on its way into the Store.
type strategy struct {
	runtime.ObjectTyper
	names.NameGenerator
	rules validation.Rules
}

func newStrategy(typer runtime.ObjectTyper, rules validation.Rules) strategy {
	return strategy{ObjectTyper: typer, NameGenerator: names.SimpleNameGenerator, rules: rules}
}

var (
	_ rest.RESTCreateStrategy  = strategy{}
	_ rest.RESTUpdateStrategy  = strategy{}
	_ rest.RESTDeleteStrategy  = strategy{}
	_ rest.ResetFieldsStrategy = strategy{}
)

func (strategy) NamespaceScoped() bool { return true }

// Status belongs to the materializer: whoever creates or changes a spec cannot set it, and field managers do not own it.
func (strategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return substatus.Fields(fieldpath.MakePathOrDie("status"))
}

func (strategy) PrepareForCreate(ctx context.Context, obj runtime.Object) {
	es := obj.(*v1.ExternalSecret)
	es.Status = v1.ExternalSecretStatus{}
	es.Generation = 1
	recordTakeover(ctx, es)
}

func (strategy) PrepareForUpdate(ctx context.Context, obj, old runtime.Object) {
	es, before := obj.(*v1.ExternalSecret), old.(*v1.ExternalSecret)
	es.Status = before.Status
	es.Status.Live = nil
	es.Generation = before.Generation
	if !apiequality.Semantic.DeepEqual(es.Spec, before.Spec) {
		es.Generation++
		es.Status.TakeoverGeneration = nil
		recordTakeover(ctx, es)
	}
}

func (s strategy) Validate(_ context.Context, obj runtime.Object) field.ErrorList {
	es := obj.(*v1.ExternalSecret)
	return validation.Bounded(append(validation.ObjectName(es.Name), s.validate(es)...))
}

func (s strategy) ValidateUpdate(_ context.Context, obj, old runtime.Object) field.ErrorList {
	es := obj.(*v1.ExternalSecret)
	// An object that is leaving, or whose spec stays, is never held back by a rule that came after it was stored.
	if es.DeletionTimestamp != nil || apiequality.Semantic.DeepEqual(es.Spec, old.(*v1.ExternalSecret).Spec) {
		return nil
	}
	return validation.Bounded(s.validate(es))
}

func (s strategy) validate(es *v1.ExternalSecret) field.ErrorList {
	errs := validation.ExternalSecret(es, s.rules)
	errs = append(errs, template.Validate(es.Spec.Target, field.NewPath("spec", "target"))...)
	return append(errs, validateTransforms(es)...)
}

// validateTransforms parses the templates that rewrite keys.
func validateTransforms(es *v1.ExternalSecret) field.ErrorList {
	var errs field.ErrorList
	for i := range es.Spec.DataFrom {
		for j, rewrite := range es.Spec.DataFrom[i].Rewrite {
			if rewrite.Transform == nil {
				continue
			}
			path := field.NewPath("spec", "dataFrom").Index(i).Child("rewrite").Index(j).Child("transform", "template")
			errs = append(errs, template.ValidateKeys(rewrite.Transform.Template, path)...)
		}
	}
	return errs
}

func (strategy) Canonicalize(runtime.Object) {}

func (strategy) AllowCreateOnUpdate(context.Context) bool      { return false }
func (strategy) AllowUnconditionalUpdate(context.Context) bool { return false }

// WarningsOnCreate is about the spec alone. Warnings about stores and keys need a provider's answer and are given after the
// write: see warnings.go.
func (strategy) WarningsOnCreate(_ context.Context, obj runtime.Object) []string {
	return validation.Warnings(obj.(*v1.ExternalSecret))
}

func (strategy) WarningsOnUpdate(_ context.Context, obj, old runtime.Object) []string {
	es := obj.(*v1.ExternalSecret)
	if apiequality.Semantic.DeepEqual(es.Spec, old.(*v1.ExternalSecret).Spec) {
		return nil
	}
	return validation.Warnings(es)
}

// statusStrategy is what happens to an ExternalSecret that is written through its status subresource.
type statusStrategy struct {
	strategy
}

func (statusStrategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return substatus.Fields(
		fieldpath.MakePathOrDie("spec"), fieldpath.MakePathOrDie("metadata"),
		fieldpath.MakePathOrDie("status", "live"), fieldpath.MakePathOrDie("status", "takeoverGeneration"))
}

// PrepareForUpdate keeps all but the status, as the status subresource of a CRD does. Who writes a status, the materializer
// among them, does not say what an author may do: that comes from a request whose user was asked about, a refresh.
func (statusStrategy) PrepareForUpdate(ctx context.Context, obj, old runtime.Object) {
	es, before := obj.(*v1.ExternalSecret), old.(*v1.ExternalSecret)
	substatus.KeepMetadata(&es.ObjectMeta, &before.ObjectMeta)
	es.Spec = before.Spec
	es.Status.Live = nil
	es.Status.TakeoverGeneration = before.Status.TakeoverGeneration
	recordTakeover(ctx, es)
}

func (statusStrategy) WarningsOnUpdate(context.Context, runtime.Object, runtime.Object) []string {
	return nil
}

func (statusStrategy) ValidateUpdate(context.Context, runtime.Object, runtime.Object) field.ErrorList {
	return nil
}
