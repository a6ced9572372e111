package fleet

import (
	"fmt"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
	"github.com/live-secrets/external-secrets-apiserver/test/storespec"
)

// Provider is a simulated provider with the items of a fleet. It runs in this process, over plain HTTP on loopback.
type Provider interface {
	// Credential is the data of the Secret that Connection refers to.
	Credential() map[string]string
	// Connection is spec.provider of a store.
	Connection(store int, credential func(key string) v1.SecretKeySelector) *v1.SecretStoreProvider
	// Ref names the value of an item.
	Ref(item int) v1.RemoteRef
	// Set changes the value of an item.
	Set(store, item int, value string)
	// Harness counts requests, and makes them wait, hang and fail.
	Harness() *harness.Harness
}

// FirstValue is what every item holds at first.
const FirstValue = "first-value-not-real"

// Connect is a 1Password Connect server with a vault per store.
type Connect struct{ *connect.Server }

// NewConnect starts a server for a fleet of a size. The caller closes it.
func NewConnect(size Size) Connect {
	c := Connect{connect.New(connect.Options{})}
	for store := range size.Stores {
		vault := c.AddVault(vaultName(store))
		for item := range size.Items {
			vault.AddItem(connect.Item{Title: itemName(item), Fields: []connect.Field{
				connect.Text("username", "user"), connect.Concealed("password", FirstValue),
			}})
		}
	}
	c.Start()
	return c
}

func vaultName(store int) string { return fmt.Sprintf("vault-%03d", store) }

func itemName(item int) string { return fmt.Sprintf("item-%04d", item) }

// Credential implements Provider.
func (Connect) Credential() map[string]string {
	return map[string]string{"token": connect.DefaultToken}
}

// Connection implements Provider.
func (c Connect) Connection(store int, credential func(string) v1.SecretKeySelector) *v1.SecretStoreProvider {
	return storespec.Connect(c.URL(), credential("token"), vaultName(store))
}

// Ref implements Provider.
func (Connect) Ref(item int) v1.RemoteRef {
	property := "password"
	return v1.RemoteRef{Key: itemName(item), Property: &property}
}

// Set implements Provider.
func (c Connect) Set(store, item int, value string) {
	c.SetField(vaultName(store), itemName(item), "password", value)
}

// Harness implements Provider.
func (c Connect) Harness() *harness.Harness { return c.Server.Harness }

const (
	project     = "benchmark"
	environment = "prod"
	clientID    = "fleet-client-id"
	// clientSecret is no secret: it is good for this simulator alone.
	clientSecret = "fleet-client-secret"
)

// Infisical is an Infisical server with a folder per store.
type Infisical struct{ *infisical.Server }

// NewInfisical starts a server for a fleet of a size. The caller closes it.
func NewInfisical(size Size) Infisical {
	i := Infisical{infisical.New(infisical.Options{})}
	i.AddIdentity(infisical.Identity{ClientID: clientID, ClientSecret: clientSecret})
	i.AddProject(project, environment)
	for store := range size.Stores {
		for item := range size.Items {
			i.Set(store, item, FirstValue)
		}
	}
	i.Start()
	return i
}

func folderPath(store int) string { return fmt.Sprintf("/folder-%03d", store) }

func secretName(item int) string { return fmt.Sprintf("SECRET_%04d", item) }

// Credential implements Provider.
func (Infisical) Credential() map[string]string {
	return map[string]string{"id": clientID, "secret": clientSecret}
}

// Connection implements Provider.
func (i Infisical) Connection(store int, credential func(string) v1.SecretKeySelector) *v1.SecretStoreProvider {
	address, path := i.URL(), folderPath(store)
	return &v1.SecretStoreProvider{Infisical: &v1.InfisicalProvider{
		HostAPI:      &address,
		SecretsScope: v1.InfisicalScope{ProjectSlug: project, EnvironmentSlug: environment, SecretsPath: &path},
		Auth: v1.InfisicalAuth{UniversalAuthCredentials: &v1.InfisicalUniversalAuth{
			ClientID: credential("id"), ClientSecret: credential("secret"),
		}},
	}}
}

// Ref implements Provider.
func (Infisical) Ref(item int) v1.RemoteRef { return v1.RemoteRef{Key: secretName(item)} }

// Set implements Provider.
func (i Infisical) Set(store, item int, value string) {
	i.SetSecret(project, environment, folderPath(store), secretName(item), value)
}

// Harness implements Provider.
func (i Infisical) Harness() *harness.Harness { return i.Server.Harness }
