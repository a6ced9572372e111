package v1

import corev1 "k8s.io/api/core/v1"

// ExternalSecretTarget says what becomes of the values.
type ExternalSecretTarget struct {
	// Name of the Secret; the ExternalSecret's own name when absent.
	// +optional
	Name *string `json:"name,omitempty"`
	// CreationPolicy says who owns the Secret: Owner, Orphan, Merge, CreateOrMerge or None.
	// +optional
	// +default="Owner"
	CreationPolicy *CreationPolicy `json:"creationPolicy,omitempty"`
	// DeletionPolicy says what becomes of the Secret when its remote keys no longer exist: Retain, Delete or Merge.
	// +optional
	// +default="Retain"
	DeletionPolicy *DeletionPolicy `json:"deletionPolicy,omitempty"`
	// Template renders the Secret.
	// +optional
	Template *ExternalSecretTemplate `json:"template,omitempty"`
	// Manifest makes the target another kind than Secret, where the server lets it (--unsafe-allow-generic-targets).
	// +optional
	Manifest *ManifestReference `json:"manifest,omitempty"`
	// Immutable makes the written Secret immutable: its data stays as it was first written, whatever the provider shows.
	// +optional
	Immutable *bool `json:"immutable,omitempty"`
}

// CreationPolicy says who owns the target Secret.
// +enum
type CreationPolicy string

const (
	// CreationOwner creates the Secret, owns it, and has it collected with the ExternalSecret.
	CreationOwner CreationPolicy = "Owner"
	// CreationOrphan creates the Secret and leaves it when the ExternalSecret goes.
	CreationOrphan CreationPolicy = "Orphan"
	// CreationMerge adds keys to a Secret that exists, and never creates one.
	CreationMerge CreationPolicy = "Merge"
	// CreationNone writes nothing.
	CreationNone CreationPolicy = "None"
	// CreationCreateOrMerge creates the Secret or adds keys to one that exists, without owning it.
	CreationCreateOrMerge CreationPolicy = "CreateOrMerge"
)

// DeletionPolicy says what becomes of the target when its remote keys no longer exist.
// +enum
type DeletionPolicy string

const (
	// DeletionDelete deletes the Secret when all of its remote keys are gone.
	DeletionDelete DeletionPolicy = "Delete"
	// DeletionMerge removes the keys that are gone and keeps the Secret.
	DeletionMerge DeletionPolicy = "Merge"
	// DeletionRetain keeps the Secret as it last was.
	DeletionRetain DeletionPolicy = "Retain"
)

// ManifestReference names the kind of a target that is not a Secret.
type ManifestReference struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
}

// ExternalSecretTemplate renders the target.
type ExternalSecretTemplate struct {
	// Type of the Secret.
	// +optional
	Type *corev1.SecretType `json:"type,omitempty"`
	// EngineVersion of the template language; v2 is the only one.
	// +optional
	// +default="v2"
	EngineVersion *TemplateEngineVersion `json:"engineVersion,omitempty"`
	// Metadata of the Secret; with a template, the ExternalSecret's own labels and annotations are not copied.
	// +optional
	Metadata *TemplateMetadata `json:"metadata,omitempty"`
	// MergePolicy is Replace (the Secret holds what templates made) or Merge (fetched keys too).
	// +optional
	// +default="Replace"
	MergePolicy *TemplateMergePolicy `json:"mergePolicy,omitempty"`
	// Data maps keys of the Secret to templates.
	// +optional
	Data map[string]string `json:"data,omitzero"`
	// TemplateFrom takes templates from elsewhere.
	// +optional
	// +listType=atomic
	TemplateFrom []TemplateFrom `json:"templateFrom,omitzero"`
}

// TemplateEngineVersion names a template language.
// +enum
type TemplateEngineVersion string

// TemplateEngineV2 is Go's text/template with the function set that docs/semantics.md lists.
const TemplateEngineV2 TemplateEngineVersion = "v2"

// TemplateMergePolicy says whether fetched keys stand beside rendered ones.
// +enum
type TemplateMergePolicy string

const (
	// TemplateReplace keeps only what templates made.
	TemplateReplace TemplateMergePolicy = "Replace"
	// TemplateMerge lays what templates made over what was fetched.
	TemplateMerge TemplateMergePolicy = "Merge"
)

// TemplateMetadata is the metadata of the rendered target. The values of labels and annotations are templates.
type TemplateMetadata struct {
	// +optional
	Annotations map[string]string `json:"annotations,omitzero"`
	// +optional
	Labels map[string]string `json:"labels,omitzero"`
	// +optional
	// +listType=atomic
	Finalizers []string `json:"finalizers,omitzero"`
}

// TemplateFrom is a source of templates: one of configMap, secret and literal.
type TemplateFrom struct {
	// ConfigMap in the ExternalSecret's namespace.
	// +optional
	ConfigMap *TemplateRef `json:"configMap,omitempty"`
	// Secret in the ExternalSecret's namespace.
	// +optional
	Secret *TemplateRef `json:"secret,omitempty"`
	// Target is the part of the Secret that is rendered: Data, Labels or Annotations; for other kinds, a path.
	// +optional
	// +default="Data"
	Target *string `json:"target,omitempty"`
	// Literal is a template that renders to a YAML map.
	// +optional
	Literal *string `json:"literal,omitempty"`
	// ValuesDecodingStrategy decodes the rendered values: Auto, Base64, Base64URL or None.
	// +optional
	ValuesDecodingStrategy *DecodingStrategy `json:"valuesDecodingStrategy,omitempty"`
}

// TemplateRef names an object that holds templates.
type TemplateRef struct {
	Name string `json:"name"`
	// Items are the keys to take.
	// +listType=atomic
	Items []TemplateRefItem `json:"items"`
}

// TemplateRefItem is one key that holds a template.
type TemplateRefItem struct {
	Key string `json:"key"`
	// TemplateAs is Values (the result is the value of this key) or KeysAndValues (the result is a YAML map).
	// +optional
	// +default="Values"
	TemplateAs *TemplateScope `json:"templateAs,omitempty"`
}

// TemplateScope says what a rendered template is.
// +enum
type TemplateScope string

const (
	// TemplateScopeValues makes it one value.
	TemplateScopeValues TemplateScope = "Values"
	// TemplateScopeKeysAndValues makes it a YAML map of keys to values.
	TemplateScopeKeysAndValues TemplateScope = "KeysAndValues"
)
