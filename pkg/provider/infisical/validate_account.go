package infisical

import (
	"net/url"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

const (
	maxAudiences     = 8
	maxAudienceBytes = 512
)

// kubernetes checks who logs in by service account, and for whom the tokens are.
func (r referenceRules) kubernetes(auth *v1.InfisicalKubernetesAuth, path *field.Path) field.ErrorList {
	at := path.Child(purposeAccount)
	account := auth.ServiceAccountRef
	switch {
	case account == nil && namesFile(auth):
		// What the file would hold is somebody else than the default: that must not be swapped in silence.
		return field.ErrorList{field.Forbidden(path.Child("serviceAccountTokenPath"),
			"this server reads no files: name the service account in "+purposeAccount)}
	case account == nil && r.cluster:
		return field.ErrorList{field.Required(at, "a ClusterSecretStore must name the service account that logs in, and its namespace")}
	case account == nil:
		account = &v1.ServiceAccountSelector{Name: defaultAccount}
	}
	var errs field.ErrorList
	if account.Name == "" {
		errs = append(errs, field.Required(at.Child("name"), ""))
	} else {
		for _, message := range validation.IsDNS1123Subdomain(account.Name) {
			errs = append(errs, field.Invalid(at.Child("name"), account.Name, message))
		}
	}
	errs = append(errs, provider.ValidateNamespace(account.Namespace, at.Child("namespace"), r.cluster, r.namespace)...)
	return append(errs, r.audiences(account, at.Child("audiences"))...)
}

// namesFile tells whether there is a serviceAccountTokenPath that leads anywhere. ESO's Go types write an empty one for none.
func namesFile(auth *v1.InfisicalKubernetesAuth) bool {
	path := auth.ServiceAccountTokenPath
	return path != nil && *path != (v1.SecretKeySelector{})
}

func (r referenceRules) audiences(account *v1.ServiceAccountSelector, path *field.Path) field.ErrorList {
	if len(account.Audiences) > maxAudiences {
		return field.ErrorList{field.TooMany(path, len(account.Audiences), maxAudiences)}
	}
	var errs field.ErrorList
	for n, audience := range account.Audiences {
		switch {
		case audience == "":
			errs = append(errs, field.Required(path.Index(n), "an audience must not be empty"))
		case len(audience) > maxAudienceBytes:
			errs = append(errs, field.TooLong(path.Index(n), "", maxAudienceBytes))
		case isCluster(audience):
			errs = append(errs, field.Invalid(path.Index(n), audience, clusterAudience))
		}
	}
	if site, err := siteOf(r.store); err == nil && len(account.Audiences) == 0 && isCluster(site.String()) {
		errs = append(errs, field.Required(path, "without audiences, tokens are for hostAPI: "+clusterAudience))
	}
	return errs
}

const clusterAudience = "tokens for the cluster itself are not sent to anybody"

// isCluster tells the usual names of an API server. Which audiences the cluster really accepts it is asked at each login.
func isCluster(audience string) bool {
	host := audience
	if u, err := url.Parse(audience); err == nil && u.Host != "" {
		host = u.Hostname()
	}
	host = strings.ToLower(host)
	const name = "kubernetes.default.svc"
	return host == "kubernetes" || host == "kubernetes.default" || host == name || strings.HasPrefix(host, name+".")
}

// Warnings implements provider.Warner.
func (*Provider) Warnings(spec *v1.SecretStoreProvider, path *field.Path) []string {
	store := spec.Infisical
	var warnings []string
	if kubernetes := store.Auth.KubernetesAuthCredentials; kubernetes != nil {
		at := path.Child("auth", "kubernetesAuthCredentials")
		if kubernetes.ServiceAccountRef == nil {
			warnings = append(warnings, at.Child(purposeAccount).String()+
				": not set: the store logs in as ServiceAccount \""+defaultAccount+"\" of its namespace, not as the server")
		}
		if namesFile(kubernetes) {
			warnings = append(warnings, at.Child("serviceAccountTokenPath").String()+": ignored: this server reads no files")
		}
	}
	if len(store.CABundle) > 0 && store.CAProvider != nil {
		warnings = append(warnings, path.Child("caProvider").String()+": ignored beside caBundle")
	}
	return warnings
}
