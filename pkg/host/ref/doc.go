// Package ref is the only reader of what specs refer to on the host: credentials and certificates of stores, templates of
// ExternalSecrets; and the only one that requests tokens of service accounts. The rule of namespaces lives here: a SecretStore and an ExternalSecret read their own namespace alone, a
// ClusterSecretStore the namespaces that it names.
//
// Content is read once per resourceVersion and kept: a steady cluster costs no request, a rotated Secret is read again when
// the host's watch shows it, and while the host is down what was read goes on serving.
package ref
