// Package seed fills the simulators with data: those of a home cluster, which
// are built in, or those of a file in the same form.
package seed

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
)

//go:embed home-cluster.json
var homeCluster []byte

// Data is what both simulators hold.
type Data struct {
	Connect   Connect   `json:"connect"`
	Infisical Infisical `json:"infisical"`
}

// Connect is the token and the vaults of 1Password Connect.
type Connect struct {
	Token  string  `json:"token"`
	Vaults []Vault `json:"vaults"`
}

// Vault is a vault with its items.
type Vault struct {
	Name  string         `json:"name"`
	Items []connect.Item `json:"items"`
	Files []File         `json:"files"`
}

// File is a file of an item.
type File struct {
	Item    string `json:"item"`
	Name    string `json:"name"`
	Content string `json:"content"`
}

// Infisical is the identities and projects of Infisical.
type Infisical struct {
	Identities []Identity `json:"identities"`
	Projects   []Project  `json:"projects"`
}

// Identity is a machine identity with universal auth.
type Identity struct {
	ClientID     string `json:"clientId"`
	ClientSecret string `json:"clientSecret"`
}

// Project is a project; Folders are by environment and path.
type Project struct {
	Slug         string                                  `json:"slug"`
	Environments map[string]map[string]map[string]string `json:"environments"`
}

// HomeCluster returns the data that are built in.
func HomeCluster() Data {
	data, err := Parse(homeCluster)
	if err != nil {
		panic(err) // The file is part of the program, and tested.
	}
	return data
}

// Parse reads data in JSON. Unknown names are errors.
func Parse(text []byte) (Data, error) {
	var data Data
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&data); err != nil {
		return Data{}, fmt.Errorf("reading seed data: %w", err)
	}
	return data, nil
}

// Servers returns both simulators with the data in them, not yet serving.
func (d Data) Servers(connectOptions connect.Options, infisicalOptions infisical.Options) (*connect.Server, *infisical.Server) {
	connectOptions.Token = d.Connect.Token
	op := connect.New(connectOptions)
	for _, vault := range d.Connect.Vaults {
		added := op.AddVault(vault.Name)
		for _, item := range vault.Items {
			added.AddItem(item)
		}
		for _, file := range vault.Files {
			op.AddFile(added.ID, file.Item, file.Name, []byte(file.Content))
		}
	}
	op.Sync()

	inf := infisical.New(infisicalOptions)
	for _, identity := range d.Infisical.Identities {
		inf.AddIdentity(infisical.Identity{ClientID: identity.ClientID, ClientSecret: identity.ClientSecret})
	}
	for _, project := range d.Infisical.Projects {
		project.fill(inf)
	}
	return op, inf
}

func (p Project) fill(inf *infisical.Server) {
	var environments []string
	for name := range p.Environments {
		environments = append(environments, name)
	}
	id := inf.AddProject(p.Slug, environments...)
	for environment, folders := range p.Environments {
		for path, secrets := range folders {
			inf.AddFolder(id, environment, path)
			for key, value := range secrets {
				inf.SetSecret(id, environment, path, key, value)
			}
		}
	}
}
