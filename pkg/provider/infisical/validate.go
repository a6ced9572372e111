package infisical

import (
	"errors"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// Validate implements provider.Provider.
func (*Provider) Validate(spec *v1.SecretStoreProvider, path *field.Path, cluster bool, namespace string) field.ErrorList {
	store := spec.Infisical
	scope := path.Child("secretsScope")
	var errs field.ErrorList
	if store.SecretsScope.ProjectSlug == "" {
		errs = append(errs, field.Required(scope.Child("projectSlug"), ""))
	}
	if store.SecretsScope.EnvironmentSlug == "" {
		errs = append(errs, field.Required(scope.Child("environmentSlug"), ""))
	}
	if _, err := parseHost(deref(store.HostAPI)); err != nil {
		errs = append(errs, field.Invalid(path.Child("hostAPI"), field.OmitValueType{}, err.Error()))
	}
	references := referenceRules{cluster: cluster, namespace: namespace}
	errs = append(errs, references.auth(&store.Auth, path.Child("auth"))...)
	if len(store.CABundle) > 0 {
		if _, err := parseBundle(store.CABundle); err != nil {
			errs = append(errs, field.Invalid(path.Child("caBundle"), field.OmitValueType{}, err.Error()))
		}
	}
	if store.CAProvider != nil {
		errs = append(errs, references.caProvider(store.CAProvider, path.Child("caProvider"))...)
	}
	return errs
}

// referenceRules are what holds for the references of one store.
type referenceRules struct {
	cluster   bool
	namespace string
}

// auth checks that one way to log in is chosen, that it is built in, and its references.
func (r referenceRules) auth(auth *v1.InfisicalAuth, path *field.Path) field.ErrorList {
	method, err := chooseMethod(auth)
	var unusable *methodError
	if errors.As(err, &unusable) {
		if unusable.field != "" {
			path = path.Child(unusable.field)
		}
		return field.ErrorList{field.Invalid(path, field.OmitValueType{}, unusable.problem)}
	}
	var errs field.ErrorList
	for _, secret := range method.secrets(auth) {
		at := path.Child(method.field, secret.purpose)
		errs = append(errs, r.object(secret.selector.Name, secret.selector.Key, secret.selector.Namespace, at)...)
	}
	return errs
}

func (r referenceRules) caProvider(ca *v1.CAProvider, path *field.Path) field.ErrorList {
	errs := r.object(&ca.Name, ca.Key, ca.Namespace, path)
	if ca.Type != v1.CAProviderSecret && ca.Type != v1.CAProviderConfigMap {
		errs = append(errs, field.NotSupported(path.Child("type"), ca.Type,
			[]v1.CAProviderType{v1.CAProviderSecret, v1.CAProviderConfigMap}))
	}
	return errs
}

// object checks a reference to a key of an object.
func (r referenceRules) object(name, key, namespace *string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if deref(name) == "" {
		errs = append(errs, field.Required(path.Child("name"), ""))
	}
	if deref(key) == "" {
		errs = append(errs, field.Required(path.Child("key"), ""))
	}
	at := path.Child("namespace")
	switch given := deref(namespace); {
	case r.cluster && given == "":
		errs = append(errs, field.Required(at, "a ClusterSecretStore has no namespace of its own"))
	case !r.cluster && given != "" && given != r.namespace:
		errs = append(errs, field.Invalid(at, given, "a SecretStore may refer to its own namespace alone"))
	}
	return errs
}
