package v1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ExternalSecret says which values of which stores make up one Kubernetes Secret.
//
// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type ExternalSecret struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// +optional
	Spec ExternalSecretSpec `json:"spec,omitzero"`
	// +optional
	Status ExternalSecretStatus `json:"status,omitzero"`
}

// ExternalSecretList is a list of ExternalSecrets.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type ExternalSecretList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []ExternalSecret `json:"items"`
}

// ExternalSecretSpec is the wish of the ExternalSecret's author.
type ExternalSecretSpec struct {
	// SecretStoreRef names the store of every entry that has no sourceRef of its own.
	// +optional
	SecretStoreRef *SecretStoreRef `json:"secretStoreRef,omitempty"`

	// Target says what becomes of the values: which Secret, who owns it, how it is rendered.
	// +optional
	// +default={"creationPolicy":"Owner","deletionPolicy":"Retain"}
	Target *ExternalSecretTarget `json:"target,omitempty"`

	// RefreshPolicy says when values are fetched again for the written Secret: CreatedOnce, Periodic or OnChange.
	// Periodic when absent.
	// +optional
	RefreshPolicy *ExternalSecretRefreshPolicy `json:"refreshPolicy,omitempty"`

	// RefreshInterval is the longest time that a change at the provider may wait before the Secret is written, as a Go
	// duration ("5m", "1h30m"). "0" fetches once and never again.
	// +optional
	// +default="1h0m0s"
	RefreshInterval *string `json:"refreshInterval,omitempty"`

	// SyncWindows limits when a refresh that falls due by time may happen.
	// +optional
	SyncWindows *SyncWindows `json:"syncWindows,omitempty"`

	// Data binds single values to keys of the Secret.
	// +optional
	// +listType=atomic
	Data []ExternalSecretData `json:"data,omitzero"`

	// DataFrom fetches many values at once. The maps are merged in order; data is laid over them.
	// +optional
	// +listType=atomic
	DataFrom []ExternalSecretDataFrom `json:"dataFrom,omitzero"`
}

// ExternalSecretRefreshPolicy says when a written Secret follows its sources.
// +enum
type ExternalSecretRefreshPolicy string

const (
	// RefreshPolicyCreatedOnce fetches until the Secret has been written once.
	RefreshPolicyCreatedOnce ExternalSecretRefreshPolicy = "CreatedOnce"
	// RefreshPolicyPeriodic fetches at every refreshInterval and when the ExternalSecret changes.
	RefreshPolicyPeriodic ExternalSecretRefreshPolicy = "Periodic"
	// RefreshPolicyOnChange fetches only when the ExternalSecret itself changes.
	RefreshPolicyOnChange ExternalSecretRefreshPolicy = "OnChange"
)

// SecretStoreRef names a store.
type SecretStoreRef struct {
	// Name of the store.
	// +optional
	Name *string `json:"name,omitempty"`
	// Kind of the store: SecretStore (when absent) or ClusterSecretStore.
	// +optional
	Kind *string `json:"kind,omitempty"`
}

// SyncWindows limits time-triggered refreshes to, or keeps them out of, windows of time (UTC).
type SyncWindows struct {
	// Kind is allow or deny.
	Kind SyncWindowKind `json:"kind"`
	// Windows of which one has to be open.
	// +listType=atomic
	Windows []SyncWindow `json:"windows"`
}

// SyncWindowKind tells whether refreshes happen inside the windows or outside.
// +enum
type SyncWindowKind string

const (
	// SyncWindowAllow refreshes only while a window is open.
	SyncWindowAllow SyncWindowKind = "allow"
	// SyncWindowDeny refreshes only while no window is open.
	SyncWindowDeny SyncWindowKind = "deny"
)

// SyncWindow opens at each time of its schedule and stays open for its duration.
type SyncWindow struct {
	// Schedule is a five-field cron expression or a macro such as @daily or "@every 1h".
	Schedule string `json:"schedule"`
	// Duration is a Go duration.
	Duration string `json:"duration"`
}

// ExternalSecretData binds one remote value to one key of the Secret.
type ExternalSecretData struct {
	// SecretKey is the key in the Secret.
	SecretKey string `json:"secretKey"`
	// RemoteRef names the remote value.
	RemoteRef RemoteRef `json:"remoteRef"`
	// SourceRef takes this entry from another store than secretStoreRef.
	// +optional
	SourceRef *SourceRef `json:"sourceRef,omitempty"`
}

// RemoteRef addresses a value at a provider and says how to read it.
type RemoteRef struct {
	// Key is the name of the remote secret: an item's title or id in 1Password, a secret's name or path in Infisical.
	Key string `json:"key"`
	// MetadataPolicy is None, for the value, or Fetch, for what describes the remote secret, as a JSON object of which
	// property selects a member.
	// +optional
	MetadataPolicy *MetadataPolicy `json:"metadataPolicy,omitempty"`
	// Property selects a part of the remote secret: a field's label in 1Password, where file/NAME is a file and
	// LABEL?attribute=otp a one-time code, and a path into a JSON value in Infisical.
	// +optional
	Property *string `json:"property,omitempty"`
	// Version selects a version of the remote secret, where the provider keeps them.
	// +optional
	Version *string `json:"version,omitempty"`
	// ConversionStrategy says how a key that no Secret can have is made into one: Default or Unicode.
	// +optional
	ConversionStrategy *ConversionStrategy `json:"conversionStrategy,omitempty"`
	// DecodingStrategy says how the value is decoded: Auto, Base64, Base64URL or None.
	// +optional
	DecodingStrategy *DecodingStrategy `json:"decodingStrategy,omitempty"`
	// NullBytePolicy says whether a value that holds a zero byte is taken (Ignore) or is an error (Fail).
	// +optional
	NullBytePolicy *NullBytePolicy `json:"nullBytePolicy,omitempty"`
}

// MetadataPolicy says whether a remote secret's metadata is fetched in place of its value.
// +enum
type MetadataPolicy string

const (
	// MetadataPolicyNone fetches the value.
	MetadataPolicyNone MetadataPolicy = "None"
	// MetadataPolicyFetch fetches what describes the secret, such as its tags.
	MetadataPolicyFetch MetadataPolicy = "Fetch"
)

// ConversionStrategy turns remote names into keys that a Secret may have.
// +enum
type ConversionStrategy string

const (
	// ConversionDefault puts an underscore for each character that a key may not hold.
	ConversionDefault ConversionStrategy = "Default"
	// ConversionUnicode puts the character's code point, as _U0041_.
	ConversionUnicode ConversionStrategy = "Unicode"
)

// DecodingStrategy says what encoding a remote value is in.
// +enum
type DecodingStrategy string

const (
	// DecodeAuto tries base64, then base64url, then takes the value as it is.
	DecodeAuto DecodingStrategy = "Auto"
	// DecodeBase64 decodes standard base64.
	DecodeBase64 DecodingStrategy = "Base64"
	// DecodeBase64URL decodes URL-safe base64.
	DecodeBase64URL DecodingStrategy = "Base64URL"
	// DecodeNone takes the value as it is.
	DecodeNone DecodingStrategy = "None"
)

// NullBytePolicy says what becomes of a value that holds a zero byte.
// +enum
type NullBytePolicy string

const (
	// NullByteIgnore takes the value.
	NullByteIgnore NullBytePolicy = "Ignore"
	// NullByteFail makes it an error.
	NullByteFail NullBytePolicy = "Fail"
)

// SourceRef names where one entry's values come from: exactly one of its fields.
type SourceRef struct {
	// StoreRef names a store.
	// +optional
	StoreRef *SecretStoreRef `json:"storeRef,omitempty"`
	// GeneratorRef names a generator. It is part of the schema, and rejected: this server has no generators.
	// +optional
	GeneratorRef *GeneratorRef `json:"generatorRef,omitempty"`
}

// GeneratorRef names a generator.
type GeneratorRef struct {
	// +optional
	// +default="generators.external-secrets.io/v1alpha1"
	APIVersion *string `json:"apiVersion,omitempty"`
	Kind       string  `json:"kind"`
	Name       string  `json:"name"`
}

// ExternalSecretDataFrom fetches many values: one of extract and find.
type ExternalSecretDataFrom struct {
	// Extract takes every property of one remote secret.
	// +optional
	Extract *RemoteRef `json:"extract,omitempty"`
	// Find takes every value that matches.
	// +optional
	Find *Find `json:"find,omitempty"`
	// Rewrite renames the keys that were found. The operations apply in order, each to the result of the one before.
	// +optional
	// +listType=atomic
	Rewrite []Rewrite `json:"rewrite,omitzero"`
	// SourceRef takes this entry from another store than secretStoreRef.
	// +optional
	SourceRef *SourceRef `json:"sourceRef,omitempty"`
}

// Find selects remote values.
type Find struct {
	// Path is where to look: an item's title in 1Password, a folder in Infisical.
	// +optional
	Path *string `json:"path,omitempty"`
	// Name selects by name.
	// +optional
	Name *FindName `json:"name,omitempty"`
	// Tags selects by tags.
	// +optional
	Tags map[string]string `json:"tags,omitzero"`
	// ConversionStrategy says how a key that no Secret can have is made into one: Default or Unicode.
	// +optional
	ConversionStrategy *ConversionStrategy `json:"conversionStrategy,omitempty"`
	// DecodingStrategy says how the values are decoded: Auto, Base64, Base64URL or None.
	// +optional
	DecodingStrategy *DecodingStrategy `json:"decodingStrategy,omitempty"`
	// NullBytePolicy says whether a value that holds a zero byte is taken (Ignore) or is an error (Fail).
	// +optional
	NullBytePolicy *NullBytePolicy `json:"nullBytePolicy,omitempty"`
}

// FindName selects by a regular expression.
type FindName struct {
	// RegExp is a regular expression in Go's syntax (RE2), not anchored. In 1Password it is matched with labels of fields,
	// and behind file/ with names of files.
	// +optional
	RegExp *string `json:"regexp,omitempty"`
}

// Rewrite is one operation on keys: exactly one of its fields.
type Rewrite struct {
	// Merge merges the JSON objects that the values are.
	// +optional
	Merge *RewriteMerge `json:"merge,omitempty"`
	// Regexp replaces in every key what matches.
	// +optional
	Regexp *RewriteRegexp `json:"regexp,omitempty"`
	// Transform renders every key through a template.
	// +optional
	Transform *RewriteTransform `json:"transform,omitempty"`
}

// RewriteMerge merges values that are JSON objects.
type RewriteMerge struct {
	// Into is the key of the result, with the strategy JSON.
	// +optional
	// +default=""
	Into *string `json:"into,omitempty"`
	// Priority lists keys that win over the others, the last most.
	// +optional
	// +listType=atomic
	Priority []string `json:"priority,omitzero"`
	// PriorityPolicy says what becomes of a priority key that is not there: Strict or IgnoreNotFound.
	// +optional
	// +default="Strict"
	PriorityPolicy *RewriteMergePriorityPolicy `json:"priorityPolicy,omitempty"`
	// ConflictPolicy says what becomes of a property that two objects have: Error or Ignore.
	// +optional
	// +default="Error"
	ConflictPolicy *RewriteMergeConflictPolicy `json:"conflictPolicy,omitempty"`
	// Strategy is Extract (the merged properties replace the keys) or JSON (they become one value under into).
	// +optional
	// +default="Extract"
	Strategy *RewriteMergeStrategy `json:"strategy,omitempty"`
}

// RewriteMergePriorityPolicy says what becomes of a priority key that is not there.
// +enum
type RewriteMergePriorityPolicy string

const (
	// MergePriorityStrict makes it an error.
	MergePriorityStrict RewriteMergePriorityPolicy = "Strict"
	// MergePriorityIgnoreNotFound passes over it.
	MergePriorityIgnoreNotFound RewriteMergePriorityPolicy = "IgnoreNotFound"
)

// RewriteMergeConflictPolicy says what becomes of a property that two objects have.
// +enum
type RewriteMergeConflictPolicy string

const (
	// MergeConflictError makes it an error.
	MergeConflictError RewriteMergeConflictPolicy = "Error"
	// MergeConflictIgnore lets the later one win.
	MergeConflictIgnore RewriteMergeConflictPolicy = "Ignore"
)

// RewriteMergeStrategy says what a merge results in.
// +enum
type RewriteMergeStrategy string

const (
	// MergeExtract puts the merged properties in the place of the keys.
	MergeExtract RewriteMergeStrategy = "Extract"
	// MergeJSON adds one key that holds the merged object.
	MergeJSON RewriteMergeStrategy = "JSON"
)

// RewriteRegexp replaces what matches.
type RewriteRegexp struct {
	// Source is a regular expression in Go's syntax (RE2).
	Source string `json:"source"`
	// Target may use the expression's groups, as $1 or ${name}.
	Target string `json:"target"`
}

// RewriteTransform renders a key.
type RewriteTransform struct {
	// Template is a Go template in which .value is the key.
	Template string `json:"template"`
}

// ExternalSecretStatus is what became of the wish.
type ExternalSecretStatus struct {
	// RefreshTime is when the Secret was last written, or was found to be as it should be after the ExternalSecret had
	// changed or somebody had asked for a refresh.
	// +optional
	RefreshTime *metav1.Time `json:"refreshTime,omitempty"`
	// SyncedResourceVersion stands for the generation, labels and annotations that were last materialized.
	// +optional
	SyncedResourceVersion *string `json:"syncedResourceVersion,omitempty"`
	// +optional
	// +listType=atomic
	Conditions []ExternalSecretCondition `json:"conditions,omitzero"`
	// Binding names the written Secret, as the service binding specification asks for.
	// +optional
	Binding *LocalObjectReference `json:"binding,omitempty"`
	// RefreshRequestTime is when somebody last asked for a refresh that has not been attempted yet.
	// +optional
	RefreshRequestTime *metav1.MicroTime `json:"refreshRequestTime,omitempty"`
	// TakeoverGeneration is the generation whose author may update the target Secret, where the server asks for that right
	// (--authorize-takeover): a Secret that no ExternalSecret manages is taken over for this generation alone. It is set by the
	// server; no request writes it.
	// +optional
	TakeoverGeneration *int64 `json:"takeoverGeneration,omitempty"`
	// Live is what the provider shows at the time of the request. It exists only in answers and is never stored.
	// +optional
	Live *LiveStatus `json:"live,omitempty"`
}

// LocalObjectReference names an object in the same namespace.
//
// +structType=atomic
type LocalObjectReference struct {
	// +optional
	// +default=""
	Name *string `json:"name,omitempty"`
}

// ExternalSecretConditionType names a condition.
// +enum
type ExternalSecretConditionType string

const (
	// ExternalSecretReady tells whether the Secret stands as the spec says.
	ExternalSecretReady ExternalSecretConditionType = "Ready"
	// ExternalSecretDeleted is a label of metrics; no stored object has it.
	ExternalSecretDeleted ExternalSecretConditionType = "Deleted"
)

// ExternalSecretCondition is one aspect of the state.
type ExternalSecretCondition struct {
	Type   ExternalSecretConditionType `json:"type"`
	Status corev1.ConditionStatus      `json:"status"`
	// +optional
	Reason *string `json:"reason,omitempty"`
	// +optional
	Message *string `json:"message,omitempty"`
	// +optional
	LastTransitionTime *metav1.Time `json:"lastTransitionTime,omitempty"`
}
