package onepassword

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

const (
	// maxVaults is far more than anybody looks a key up in: each is a scope that is polled.
	maxVaults = 1000
	// maxTitle is the longest title or id of a vault, in bytes.
	maxTitle = 1024
)

// Validate implements provider.Provider.
func (p *Provider) Validate(spec *v1.SecretStoreProvider, path *field.Path, cluster bool, namespace string) field.ErrorList {
	if !p.In(spec) {
		return field.ErrorList{field.Required(path, "the connection to 1Password Connect")}
	}
	var errs field.ErrorList
	if host := spec.OnePassword.ConnectHost; host == "" {
		errs = append(errs, field.Required(path.Child("connectHost"), "the URL of the Connect server"))
	} else if _, problem := parseHost(host); problem != "" {
		errs = append(errs, invalidHost(path.Child("connectHost"), host, problem))
	}
	errs = append(errs, validateVaults(spec.OnePassword.Vaults, path.Child("vaults"))...)
	return append(errs, validateAuth(spec.OnePassword.Auth, path.Child("auth"), cluster, namespace)...)
}

// invalidHost leaves out a URL that may hold a password.
func invalidHost(path *field.Path, host, problem string) *field.Error {
	if strings.Contains(host, "@") {
		host = value.Redacted
	}
	return field.Invalid(path, host, problem)
}

func validateVaults(vaults map[string]int64, path *field.Path) field.ErrorList {
	if len(vaults) == 0 {
		return field.ErrorList{field.Required(path, "at least one vault, by title or id, with its place in the order of look-up")}
	}
	if len(vaults) > maxVaults {
		return field.ErrorList{field.TooMany(path, len(vaults), maxVaults)}
	}
	var errs field.ErrorList
	taken := map[int64]string{}
	for _, name := range slices.Sorted(maps.Keys(vaults)) {
		if name == "" {
			errs = append(errs, field.Invalid(path, name, "a vault must have a title or an id"))
		}
		if len(name) > maxTitle {
			errs = append(errs, field.TooLong(path, field.OmitValueType{}, maxTitle))
			continue
		}
		if other, ok := taken[vaults[name]]; ok {
			errs = append(errs, field.Invalid(path.Key(name), vaults[name],
				fmt.Sprintf("must be unique, and is that of %q too", other)))
			continue
		}
		taken[vaults[name]] = name
	}
	return errs
}

func validateAuth(auth *v1.OnePasswordAuth, path *field.Path, cluster bool, namespace string) field.ErrorList {
	if auth == nil {
		return field.ErrorList{field.Required(path, "how to authenticate to Connect")}
	}
	if auth.SecretRef == nil {
		return field.ErrorList{field.Required(path.Child("secretRef"), "the Secret that holds the access token")}
	}
	return provider.ValidateSecretKeySelector(auth.SecretRef.ConnectTokenSecretRef,
		path.Child("secretRef", "connectTokenSecretRef"), cluster, namespace)
}

// inOrder is the vaults by their place in the order of look-up.
func inOrder(vaults map[string]int64) []string {
	return slices.SortedFunc(maps.Keys(vaults), func(a, b string) int {
		return cmp.Or(cmp.Compare(vaults[a], vaults[b]), cmp.Compare(a, b))
	})
}

// readToken takes the access token from the content of its Secret, where a line break at its end is common.
func readToken(content value.Value) (value.Value, error) {
	token := strings.TrimSpace(string(content.Bytes()))
	if token == "" {
		return value.Value{}, provider.Errorf(provider.Invalid, "the access token of Connect is empty")
	}
	for _, b := range []byte(token) {
		if b <= ' ' || b > '~' {
			return value.Value{}, provider.Errorf(provider.Invalid, "the access token of Connect holds characters that no token has")
		}
	}
	return value.FromString(token), nil
}
