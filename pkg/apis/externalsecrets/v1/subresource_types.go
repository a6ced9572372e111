package v1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ExternalSecretRefresh is the body of POST externalsecrets/NAME/refresh, which may be {}, and its answer. It is never
// stored.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type ExternalSecretRefresh struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// +optional
	Status ExternalSecretRefreshStatus `json:"status,omitzero"`
}

// RefreshState says how far a refresh got.
// +enum
type RefreshState string

const (
	// RefreshDone means that the Secret stands as the provider shows it now.
	RefreshDone RefreshState = "Done"
	// RefreshFailed means that the attempt was made and failed; the Ready condition says why.
	RefreshFailed RefreshState = "Failed"
	// RefreshPending means that the attempt was recorded and had not ended when the answer was due.
	RefreshPending RefreshState = "Pending"
)

// ExternalSecretRefreshStatus is the answer of a refresh.
type ExternalSecretRefreshStatus struct {
	State RefreshState `json:"state,omitempty"`
	// Reason and Message are those of the Ready condition that the attempt left.
	// +optional
	Reason string `json:"reason,omitempty"`
	// +optional
	Message string `json:"message,omitempty"`
}

// SecretStoreKeys is what GET secretstores/NAME/keys answers: the names of the remote secrets that the store can see. It is
// never stored and holds no values.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type SecretStoreKeys struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// +listType=atomic
	Keys []SecretStoreKey `json:"keys"`
}

// SecretStoreKey is one remote secret.
type SecretStoreKey struct {
	// Key as a remoteRef would name it.
	Key string `json:"key"`
	// Scope is the vault or folder that holds it.
	// +optional
	Scope string `json:"scope,omitempty"`
	// Version as the provider counts it.
	// +optional
	Version string `json:"version,omitempty"`
	// UpdatedTime is when the provider says that it last changed.
	// +optional
	UpdatedTime *metav1.Time `json:"updatedTime,omitempty"`
}
