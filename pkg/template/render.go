package template

import (
	"context"
	"errors"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/decoding"
	"github.com/live-secrets/external-secrets-apiserver/pkg/privilege"
	"github.com/live-secrets/external-secrets-apiserver/pkg/tree"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// Rendered is what an ExternalSecret says about its Secret. What an existing Secret has besides is the writer's to decide.
type Rendered struct {
	// Type is empty where the spec names none.
	Type                corev1.SecretType
	Labels, Annotations map[string]string
	Finalizers          []string
	// Uncopied are the keys of what CopiedMetadata leaves out; nil where there is a template.
	Uncopied []string
	Data     map[string]value.Value
	// Content is what a target that is no Secret holds beside its metadata; Data is empty then.
	Content tree.Tree
	// Immutable is nil where the spec does not say.
	Immutable *bool
	// Deterministic is set where equal inputs render to equal results: no template that was rendered names a function that
	// draws from randomness or reads the clock.
	Deterministic bool
}

// Render renders the target of es from its resolved data and from the templates that it refers to, SourceKeys.
//
// Later wins: data (where no template uses it, or mergePolicy is Merge), templateFrom in order, template.data. The values
// of template.metadata's labels and annotations are templates, too. Without a template the labels and annotations are
// CopiedMetadata. Errors are *Error.
func Render(ctx context.Context, es *v1.ExternalSecret, data map[string]value.Value, sources Sources) (*Rendered, error) {
	var to v1.ExternalSecretTarget
	if es.Spec.Target != nil {
		to = *es.Spec.Target
	}
	r := &renderer{
		budget: NewBudget(ctx), fetched: data, sources: sources, kind: kindOf(&to),
		out: &Rendered{Data: map[string]value.Value{}, Immutable: to.Immutable, Deterministic: true},
	}
	if err := r.target(es, to.Template); err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	return r.out, nil
}

// renderer is one call of Render.
type renderer struct {
	budget  *Budget
	fetched map[string]value.Value
	sources Sources
	kind    targetKind
	out     *Rendered
	// texts is fetched as templates see it, made when the first one does.
	texts map[string]string
}

func (r *renderer) target(es *v1.ExternalSecret, t *v1.ExternalSecretTemplate) error {
	if t == nil {
		r.out.Labels, r.out.Annotations = CopiedMetadata(es)
		r.out.Uncopied = uncopied(es.Labels, es.Annotations)
		return r.putFetched()
	}
	r.out.Labels, r.out.Annotations = map[string]string{}, map[string]string{}
	if t.Type != nil {
		r.out.Type = *t.Type
	}
	if t.Metadata != nil {
		r.out.Finalizers = slices.Clone(t.Metadata.Finalizers)
	}
	merge := t.MergePolicy != nil && *t.MergePolicy == v1.TemplateMerge
	if merge || len(t.Data) == 0 && len(t.TemplateFrom) == 0 {
		if err := r.putFetched(); err != nil {
			return err
		}
	}
	if t.EngineVersion != nil && *t.EngineVersion != "" && *t.EngineVersion != v1.TemplateEngineV2 {
		return &Error{Place: templatePath().Child("engineVersion").String(), Class: NotAllowed, Detail: "v2 is the only version"}
	}
	parts, errs := partsOf(t, r.kind, templatePath())
	if len(errs) > 0 {
		return &Error{Place: errs[0].Field, Class: NotAllowed, Detail: errs[0].ErrorBody()}
	}
	for _, p := range parts {
		if err := r.part(p); err != nil {
			return err.at(p.path.String())
		}
	}
	return nil
}

// part renders one template and puts the result where it belongs. Its errors have no place.
func (r *renderer) part(p part) *Error {
	text := p.text
	if p.source != nil {
		source, ok := r.sources[*p.source]
		if !ok {
			return &Error{Class: NoSource}
		}
		text = string(source.Bytes())
	}
	result, err := r.text(text)
	if err != nil {
		return p.conceal(err)
	}
	if p.target == targetField {
		return r.putField(p, result)
	}
	if p.key != "" {
		return r.put(p, p.key, result)
	}
	if err := r.spend(int64(len(result)) / yamlPerStep); err != nil {
		return err
	}
	var pairs map[string]string
	if err := parseYAML(result, &pairs); err != nil {
		return failureOf(err, NotYAML)
	}
	for _, key := range slices.Sorted(maps.Keys(pairs)) {
		if err := r.put(p, key, pairs[key]); err != nil {
			return err
		}
	}
	return nil
}

// spend uses up steps of the budget outside of a template.
func (r *renderer) spend(steps int64) (failure *Error) {
	errors.As(r.budget.Spend(steps), &failure)
	return failure
}

func (r *renderer) text(text string) (string, *Error) {
	if err := r.spend(compileCost(text)); err != nil {
		return "", err
	}
	program, err := compile(text)
	if err != nil {
		return "", err
	}
	if _, random := program.randomFunction(); random {
		r.out.Deterministic = false
	}
	if r.texts == nil {
		r.texts = make(map[string]string, len(r.fetched))
		for key, v := range r.fetched {
			r.texts[key] = string(v.Bytes())
		}
	}
	return program.execute(r.budget, r.texts, true)
}

// conceal drops what an error tells of a template's text where the text is not the spec's: not all who may read an
// ExternalSecret may read the object that holds the template.
func (p part) conceal(err *Error) *Error {
	if p.source == nil {
		return err
	}
	concealed := *err
	concealed.Detail = ""
	if err.Class == UnknownFunction {
		concealed.Function = ""
	}
	return &concealed
}

// put decodes one rendered value and puts it under its key.
func (r *renderer) put(p part, key, text string) *Error {
	v, failure := p.decoded(text)
	if failure != nil {
		return failure
	}
	switch p.target {
	case targetLabels:
		r.out.Labels[key] = string(v.Bytes())
	case targetAnnotations:
		r.out.Annotations[key] = string(v.Bytes())
	default:
		return r.putData(key, v)
	}
	return nil
}

// decoded is a rendered value without the encoding that the spec says it has.
func (p part) decoded(text string) (value.Value, *Error) {
	v, err := decoding.Decode(p.decoding, value.FromString(text))
	if errors.Is(err, decoding.ErrStrategy) {
		return value.Value{}, &Error{Class: NotAllowed, Detail: err.Error()}
	}
	if err != nil {
		return value.Value{}, &Error{Class: NotEncoded}
	}
	return v, nil
}

func (r *renderer) putData(key string, v value.Value) *Error {
	if r.kind != secretKind {
		return r.putText(tree.Path{{Name: "data"}, {Name: key}}, v)
	}
	r.out.Data[key] = v
	return nil
}

// check refuses what the host would refuse, since the host's message would show what was rendered.
func (r *renderer) check() error {
	place := field.NewPath("spec", "target").String()
	if class := checkMetadata(r.out.Labels, r.out.Annotations); class != "" {
		return &Error{Place: place, Class: class}
	}
	if r.kind != secretKind {
		return r.checkContent(place)
	}
	size := 0
	for key, v := range r.out.Data {
		if !validKey(key) {
			return &Error{Place: place, Class: InvalidKey}
		}
		size += v.Len()
	}
	if size > corev1.MaxSecretSize {
		return &Error{Place: place, Class: TooLarge, Detail: "a Secret holds 1 MiB at most"}
	}
	if why := privilege.Refusal(r.out.Type); why != "" {
		return &Error{Place: templatePath().Child("type").String(), Class: NotAllowed, Detail: why}
	}
	return nil
}
