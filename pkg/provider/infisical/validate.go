package infisical

import (
	"errors"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// Far above what an instance takes itself, in bytes.
const (
	maxSlug = 256
	maxPath = 4096
)

// Validate implements provider.Provider.
func (*Provider) Validate(spec *v1.SecretStoreProvider, path *field.Path, cluster bool, namespace string) field.ErrorList {
	store := spec.Infisical
	scope := path.Child("secretsScope")
	var errs field.ErrorList
	errs = append(errs, slug(store.SecretsScope.ProjectSlug, "of the project", scope.Child("projectSlug"))...)
	errs = append(errs, slug(store.SecretsScope.EnvironmentSlug, "of the environment", scope.Child("environmentSlug"))...)
	if len(deref(store.SecretsScope.SecretsPath)) > maxPath {
		errs = append(errs, field.TooLong(scope.Child("secretsPath"), field.OmitValueType{}, maxPath))
	}
	if _, err := parseHost(deref(store.HostAPI)); err != nil {
		errs = append(errs, field.Invalid(path.Child("hostAPI"), field.OmitValueType{}, err.Error()))
	}
	references := referenceRules{cluster: cluster, namespace: namespace, store: store}
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

func slug(text, of string, path *field.Path) field.ErrorList {
	switch {
	case text == "":
		return field.ErrorList{field.Required(path, "the slug "+of)}
	case len(text) > maxSlug:
		return field.ErrorList{field.TooLong(path, field.OmitValueType{}, maxSlug)}
	}
	return nil
}

// referenceRules are what holds for the references of one store.
type referenceRules struct {
	cluster   bool
	namespace string
	store     *v1.InfisicalProvider
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
		errs = append(errs, r.object(secret.selector, path.Child(method.field, secret.purpose))...)
	}
	if kubernetes := auth.KubernetesAuthCredentials; kubernetes != nil {
		errs = append(errs, r.kubernetes(kubernetes, path.Child(method.field))...)
	}
	return errs
}

func (r referenceRules) caProvider(ca *v1.CAProvider, path *field.Path) field.ErrorList {
	errs := r.object(v1.SecretKeySelector{Name: &ca.Name, Key: ca.Key, Namespace: ca.Namespace}, path)
	if ca.Type != v1.CAProviderSecret && ca.Type != v1.CAProviderConfigMap {
		errs = append(errs, field.NotSupported(path.Child("type"), ca.Type,
			[]v1.CAProviderType{v1.CAProviderSecret, v1.CAProviderConfigMap}))
	}
	return errs
}

// object checks a reference to a key of an object.
func (r referenceRules) object(to v1.SecretKeySelector, path *field.Path) field.ErrorList {
	return provider.ValidateSecretKeySelector(to, path, r.cluster, r.namespace)
}
