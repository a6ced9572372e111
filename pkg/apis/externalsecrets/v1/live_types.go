package v1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// LiveState says in one word what a live read found.
// +enum
type LiveState string

const (
	// LiveInSync means that the written Secret is what would be written now.
	LiveInSync LiveState = "InSync"
	// LiveDrifted means that the written Secret differs from what would be written now.
	LiveDrifted LiveState = "Drifted"
	// LiveMissing means that everything resolves and no Secret has been written yet.
	LiveMissing LiveState = "Missing"
	// LiveVirtual means that everything resolves and creationPolicy None keeps it from being written.
	LiveVirtual LiveState = "Virtual"
	// LiveUnknown means that nothing could be said: the reasons below say more where a provider gave one.
	LiveUnknown LiveState = "Unknown"

	// LiveNotFound means that a key is not there.
	LiveNotFound LiveState = "NotFound"
	// LiveScopeNotFound means that what should hold the key (vault, project, environment, folder) is not there.
	LiveScopeNotFound LiveState = "ScopeNotFound"
	// LiveForbidden means that the store's credential may not read the key.
	LiveForbidden LiveState = "Forbidden"
	// LiveUnauthenticated means that the store's credential was refused.
	LiveUnauthenticated LiveState = "Unauthenticated"
	// LiveRateLimited means that the provider asks for fewer requests.
	LiveRateLimited LiveState = "RateLimited"
	// LiveUnavailable means that the provider did not answer, or not sensibly.
	LiveUnavailable LiveState = "Unavailable"
	// LiveInvalid means that the ExternalSecret, its store or a value cannot be used as it is.
	LiveInvalid LiveState = "Invalid"
)

// LiveStatus is what the provider showed when the request was answered. It names no key but those in the spec and holds
// nothing that was rendered.
type LiveStatus struct {
	State LiveState `json:"state"`
	// +optional
	Message string `json:"message,omitempty"`
	// Sources lists the remote keys of the spec in its order.
	// +optional
	// +listType=atomic
	Sources []LiveSource `json:"sources,omitempty"`
	// ObservedTime is when the provider was last asked. It appears only when that was earlier than the request demanded.
	// +optional
	ObservedTime *metav1.Time `json:"observedTime,omitempty"`
}

// LiveSource is one remote key.
type LiveSource struct {
	StoreRef LiveStoreRef `json:"storeRef"`
	// Key as the spec has it; empty for a find.
	// +optional
	Key string `json:"key,omitempty"`
	// Version as the provider counts it.
	// +optional
	Version string `json:"version,omitempty"`
	// UpdatedTime is when the provider says that the remote secret last changed.
	// +optional
	UpdatedTime *metav1.Time `json:"updatedTime,omitempty"`
}

// LiveStoreRef names the store of a source.
type LiveStoreRef struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
}
