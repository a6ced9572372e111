// Package v1 holds the external-secrets.io/v1 kinds that this server serves: ExternalSecret, SecretStore and
// ClusterSecretStore, field by field the schema of External Secrets Operator 2.9 for the providers built in.
//
// Every optional field is a pointer, a slice or a map with omitzero, so that an object encodes to exactly what its author
// wrote: an explicit false, "" or {} survives, and nothing appears that was not sent. Defaults exist only where the
// operator's CRDs have them.
//
// The name of the OpenAPI models is the package's own path: applyconfiguration-gen looks types up by that, and the typed
// converters of server-side apply by the model's name.
//
// +k8s:openapi-gen=true
// +k8s:deepcopy-gen=package
// +k8s:defaulter-gen=TypeMeta
// +k8s:openapi-model-package=com.github.live-secrets.external-secrets-apiserver.pkg.apis.externalsecrets.v1
// +groupName=external-secrets.io
// +groupGoName=ExternalSecrets
package v1
