package v1

// InfisicalProvider reads a project's environment of an Infisical instance.
type InfisicalProvider struct {
	// Auth says how to log in: one of its fields.
	Auth InfisicalAuth `json:"auth"`
	// SecretsScope is the part of the instance that the store shows.
	SecretsScope InfisicalScope `json:"secretsScope"`
	// HostAPI is the URL of the instance, with or without /api.
	// +optional
	// +default="https://app.infisical.com/api"
	HostAPI *string `json:"hostAPI,omitempty"`
	// CABundle is PEM that the instance's certificate is verified against, in place of the system's roots.
	// +optional
	CABundle []byte `json:"caBundle,omitzero"`
	// CAProvider names an object that holds such PEM.
	// +optional
	CAProvider *CAProvider `json:"caProvider,omitempty"`
}

// CAProvider names a key of a Secret or ConfigMap that holds PEM certificates.
type CAProvider struct {
	Type CAProviderType `json:"type"`
	Name string         `json:"name"`
	// +optional
	Key *string `json:"key,omitempty"`
	// Namespace is for a ClusterSecretStore; a SecretStore reads its own namespace alone.
	// +optional
	Namespace *string `json:"namespace,omitempty"`
}

// CAProviderType is the kind of object that holds certificates.
// +enum
type CAProviderType string

const (
	// CAProviderSecret is a Secret.
	CAProviderSecret CAProviderType = "Secret"
	// CAProviderConfigMap is a ConfigMap.
	CAProviderConfigMap CAProviderType = "ConfigMap"
)

// InfisicalScope is the part of an instance that a store shows.
type InfisicalScope struct {
	ProjectSlug     string `json:"projectSlug"`
	EnvironmentSlug string `json:"environmentSlug"`
	// OrganizationSlug is the organization to log in to, where an identity belongs to several.
	// +optional
	OrganizationSlug *string `json:"organizationSlug,omitempty"`
	// SecretsPath is the folder that bare keys are looked up in.
	// +optional
	// +default="/"
	SecretsPath *string `json:"secretsPath,omitempty"`
	// Recursive includes the folders below in a find.
	// +optional
	// +default=false
	Recursive *bool `json:"recursive,omitempty"`
	// ExpandSecretReferences has the instance put in the values of secrets that a value refers to.
	// +optional
	// +default=true
	ExpandSecretReferences *bool `json:"expandSecretReferences,omitempty"`
}

// InfisicalAuth says how to log in: one of its fields.
type InfisicalAuth struct {
	// +optional
	UniversalAuthCredentials *InfisicalUniversalAuth `json:"universalAuthCredentials,omitempty"`
	// +optional
	AzureAuthCredentials *InfisicalAzureAuth `json:"azureAuthCredentials,omitempty"`
	// +optional
	GCPIDTokenAuthCredentials *InfisicalGCPIDTokenAuth `json:"gcpIdTokenAuthCredentials,omitempty"`
	// +optional
	GCPIAMAuthCredentials *InfisicalGCPIAMAuth `json:"gcpIamAuthCredentials,omitempty"`
	// +optional
	JWTAuthCredentials *InfisicalJWTAuth `json:"jwtAuthCredentials,omitempty"`
	// +optional
	LDAPAuthCredentials *InfisicalLDAPAuth `json:"ldapAuthCredentials,omitempty"`
	// +optional
	OCIAuthCredentials *InfisicalOCIAuth `json:"ociAuthCredentials,omitempty"`
	// +optional
	KubernetesAuthCredentials *InfisicalKubernetesAuth `json:"kubernetesAuthCredentials,omitempty"`
	// +optional
	AWSAuthCredentials *InfisicalAWSAuth `json:"awsAuthCredentials,omitempty"`
	// +optional
	TokenAuthCredentials *InfisicalTokenAuth `json:"tokenAuthCredentials,omitempty"`
}

// InfisicalUniversalAuth logs in with a client id and secret.
type InfisicalUniversalAuth struct {
	ClientID     SecretKeySelector `json:"clientId"`
	ClientSecret SecretKeySelector `json:"clientSecret"`
}

// InfisicalAzureAuth logs in with an Azure managed identity.
type InfisicalAzureAuth struct {
	IdentityID SecretKeySelector `json:"identityId"`
	// +optional
	Resource *SecretKeySelector `json:"resource,omitempty"`
}

// InfisicalGCPIDTokenAuth logs in with a Google identity token.
type InfisicalGCPIDTokenAuth struct {
	IdentityID SecretKeySelector `json:"identityId"`
}

// InfisicalGCPIAMAuth logs in with a Google service account.
type InfisicalGCPIAMAuth struct {
	IdentityID                SecretKeySelector `json:"identityId"`
	ServiceAccountKeyFilePath SecretKeySelector `json:"serviceAccountKeyFilePath"`
}

// InfisicalJWTAuth logs in with a JSON web token.
type InfisicalJWTAuth struct {
	IdentityID SecretKeySelector `json:"identityId"`
	JWT        SecretKeySelector `json:"jwt"`
}

// InfisicalLDAPAuth logs in with an LDAP user.
type InfisicalLDAPAuth struct {
	IdentityID   SecretKeySelector `json:"identityId"`
	LDAPPassword SecretKeySelector `json:"ldapPassword"`
	LDAPUsername SecretKeySelector `json:"ldapUsername"`
}

// InfisicalOCIAuth logs in with an Oracle Cloud user.
type InfisicalOCIAuth struct {
	IdentityID SecretKeySelector `json:"identityId"`
	PrivateKey SecretKeySelector `json:"privateKey"`
	// +optional
	PrivateKeyPassphrase *SecretKeySelector `json:"privateKeyPassphrase,omitempty"`
	Fingerprint          SecretKeySelector  `json:"fingerprint"`
	UserID               SecretKeySelector  `json:"userId"`
	TenancyID            SecretKeySelector  `json:"tenancyId"`
	Region               SecretKeySelector  `json:"region"`
}

// InfisicalKubernetesAuth logs in with a token of a service account, which is requested for each login and good for ten
// minutes. No file is ever read.
type InfisicalKubernetesAuth struct {
	IdentityID SecretKeySelector `json:"identityId"`
	// ServiceAccountRef names the service account. Without it a SecretStore logs in as "default" of its namespace; a
	// ClusterSecretStore must have it, with a namespace. Without audiences its tokens are for the URL of the instance, as in
	// https://infisical.example.com: the identity's allowed audience must be that. Tokens that the cluster itself would accept
	// are never sent.
	// +optional
	ServiceAccountRef *ServiceAccountSelector `json:"serviceAccountRef,omitempty"`
	// ServiceAccountTokenPath is of External Secrets Operator, which reads a file of its own there. It is allowed beside
	// serviceAccountRef alone, and ignored.
	// +optional
	ServiceAccountTokenPath *SecretKeySelector `json:"serviceAccountTokenPath,omitempty"`
}

// InfisicalAWSAuth logs in with AWS credentials.
type InfisicalAWSAuth struct {
	IdentityID SecretKeySelector `json:"identityId"`
}

// InfisicalTokenAuth uses an access token as it is.
type InfisicalTokenAuth struct {
	AccessToken SecretKeySelector `json:"accessToken"`
}
