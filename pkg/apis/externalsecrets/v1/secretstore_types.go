package v1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// SecretStore connects the ExternalSecrets of its namespace to a provider.
//
// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type SecretStore struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// +optional
	Spec SecretStoreSpec `json:"spec,omitzero"`
	// +optional
	Status SecretStoreStatus `json:"status,omitzero"`
}

// SecretStoreList is a list of SecretStores.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type SecretStoreList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []SecretStore `json:"items"`
}

// ClusterSecretStore connects the ExternalSecrets of all namespaces, or of those that its conditions name, to a provider.
//
// +genclient
// +genclient:nonNamespaced
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type ClusterSecretStore struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// +optional
	Spec SecretStoreSpec `json:"spec,omitzero"`
	// +optional
	Status SecretStoreStatus `json:"status,omitzero"`
}

// ClusterSecretStoreList is a list of ClusterSecretStores.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type ClusterSecretStoreList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []ClusterSecretStore `json:"items"`
}

// SecretStoreSpec is the spec of both kinds of store.
type SecretStoreSpec struct {
	// Controller names the class of servers that handle this store; any when empty.
	// +optional
	Controller *string `json:"controller,omitempty"`
	// Provider says where the secrets are: exactly one of its fields.
	Provider *SecretStoreProvider `json:"provider"`
	// RetrySettings says how often a call of the provider that got no answer is tried again. Without it none is: the next
	// poll comes soon.
	// +optional
	RetrySettings *SecretStoreRetrySettings `json:"retrySettings,omitempty"`
	// RefreshInterval is how often the store is validated: seconds, or a Go duration.
	// +optional
	RefreshInterval *intstr.IntOrString `json:"refreshInterval,omitempty"`
	// Conditions limit a ClusterSecretStore to some namespaces. One that holds is enough; none means all namespaces.
	// +optional
	// +listType=atomic
	Conditions []ClusterSecretStoreCondition `json:"conditions,omitzero"`
}

// ClusterSecretStoreCondition selects namespaces: one match in any of its fields is enough.
type ClusterSecretStoreCondition struct {
	// +optional
	NamespaceSelector *metav1.LabelSelector `json:"namespaceSelector,omitempty"`
	// +optional
	// +listType=atomic
	Namespaces []string `json:"namespaces,omitzero"`
	// +optional
	// +listType=atomic
	NamespaceRegexes []string `json:"namespaceRegexes,omitzero"`
}

// SecretStoreRetrySettings says how often a call of the provider is tried again that got no answer, or none that makes sense
// (Unavailable), or was told when to come back (RateLimited). What the provider has answered, such as that a key is not
// found or a credential refused, is not asked again. What does not fit the few seconds that a call may take is left to the
// next poll, and each try counts against the budget of requests.
type SecretStoreRetrySettings struct {
	// MaxRetries is how often one call is tried again: at most 10 times, and never where it is absent.
	// +optional
	MaxRetries *int32 `json:"maxRetries,omitempty"`
	// RetryInterval is how long after a failure the next try follows, as a Go duration: 1s where it is absent, and at
	// least 100ms.
	// +optional
	RetryInterval *string `json:"retryInterval,omitempty"`
}

// SecretStoreProvider names the provider: exactly one of its fields.
type SecretStoreProvider struct {
	// OnePassword reads vaults through a 1Password Connect server.
	// +optional
	OnePassword *OnePasswordProvider `json:"onepassword,omitempty"`
	// Infisical reads a project's environment of an Infisical instance.
	// +optional
	Infisical *InfisicalProvider `json:"infisical,omitempty"`
}

// SecretKeySelector names one key of a Secret.
type SecretKeySelector struct {
	// +optional
	Name *string `json:"name,omitempty"`
	// Namespace is for a ClusterSecretStore; a SecretStore reads its own namespace alone.
	// +optional
	Namespace *string `json:"namespace,omitempty"`
	// +optional
	Key *string `json:"key,omitempty"`
}

// ServiceAccountSelector names a service account, whose tokens are requested of the cluster.
type ServiceAccountSelector struct {
	Name string `json:"name"`
	// Namespace is for a ClusterSecretStore; a SecretStore uses service accounts of its own namespace alone.
	// +optional
	Namespace *string `json:"namespace,omitempty"`
	// Audiences are whom the tokens are for. They must not be the cluster's own.
	// +optional
	// +listType=atomic
	Audiences []string `json:"audiences,omitzero"`
}

// SecretStoreStatus is what is known of a store.
type SecretStoreStatus struct {
	// +optional
	// +listType=atomic
	Conditions []SecretStoreStatusCondition `json:"conditions,omitzero"`
	// Capabilities is ReadOnly, WriteOnly or ReadWrite.
	// +optional
	Capabilities *string `json:"capabilities,omitempty"`
}

// SecretStoreConditionType names a condition of a store.
type SecretStoreConditionType string

// SecretStoreReady tells whether the store can be used.
const SecretStoreReady SecretStoreConditionType = "Ready"

// SecretStoreStatusCondition is one aspect of a store's state.
type SecretStoreStatusCondition struct {
	Type   SecretStoreConditionType `json:"type"`
	Status corev1.ConditionStatus   `json:"status"`
	// +optional
	Reason *string `json:"reason,omitempty"`
	// +optional
	Message *string `json:"message,omitempty"`
	// +optional
	LastTransitionTime *metav1.Time `json:"lastTransitionTime,omitempty"`
}
