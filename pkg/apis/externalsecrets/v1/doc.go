// Package v1 holds the external-secrets.io/v1 kinds that this server serves: ExternalSecret, SecretStore and
// ClusterSecretStore, field by field the schema of External Secrets Operator 2.9 for the providers built in.
//
// Every optional field is a pointer, a slice or a map with omitzero, so that an object encodes to exactly what its author
// wrote: an explicit false, "" or {} survives, and nothing appears that was not sent. Defaults exist only where the
// operator's CRDs have them.
//
// +k8s:openapi-gen=true
// +k8s:deepcopy-gen=package
// +k8s:defaulter-gen=TypeMeta
// +k8s:openapi-model-package=io.external-secrets.apis.v1
// +groupName=external-secrets.io
// +groupGoName=ExternalSecrets
package v1
