package infisical_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
)

func TestListOfAFolderThatIsNotThere(t *testing.T) {
	sim, _ := start(t, infisical.Options{})
	sim.SetSecret(project, "prod", "/app2", "A", "a")
	access := token(t, sim, clientID, clientSecret)
	status := func(parameters ...string) int {
		return request(t, "GET", sim.URL()+list(parameters...), access, "").status
	}
	if got := []int{status("secretPath", "/app"), status("secretPath", "/gone", "recursive", "true"), status("secretPath", "/app", "recursive", "true")}; got[0] != 404 || got[1] != 404 || got[2] != 200 {
		t.Errorf("status %v", got)
	}
	sim.Change(func(b *infisical.Behaviour) { b.EmptyForMissing = true })
	for _, recursive := range []string{"true", "false"} {
		got := request(t, "GET", sim.URL()+list("secretPath", "/gone", "recursive", recursive), access, "")
		if got.status != 200 || got.body != `{"secrets":[],"imports":[]}` {
			t.Errorf("an older server: %+v", got)
		}
	}
}

func TestRecursiveAndImports(t *testing.T) {
	sim, _ := start(t, infisical.Options{})
	for _, s := range [][3]string{
		{"/", "ROOT", "r"}, {"/app", "A", "a"}, {"/app/deep", "A", "deep"}, {"/apple", "A", "by its path's text"},
		{"/one", "SHARED", "one"}, {"/one", "A", "imported"}, {"/two", "SHARED", "two"}, {"/nested", "NESTED", "n"},
	} {
		sim.SetSecret(project, "prod", s[0], s[1], s[2])
	}
	sim.AddImport(project, "prod", "/app", "prod", "/one")
	sim.AddImport(project, "prod", "/app", "prod", "/two")
	sim.AddImport(project, "prod", "/two", "prod", "/nested")
	sim.AddImport(project, "prod", "/nested", "prod", "/two") // A cycle.
	access := token(t, sim, clientID, clientSecret)
	fetch := func(path string) listing {
		return decode[listing](t, request(t, "GET", sim.URL()+path, access, "").body)
	}

	if diff := cmp.Diff(map[string]string{"/app:A": "a"}, values(fetch(list("secretPath", "/app")))); diff != "" {
		t.Errorf("one folder (-want +got):\n%s", diff)
	}
	got := fetch(list("secretPath", "/app", "recursive", "true", "include_imports", "true"))
	if diff := cmp.Diff(map[string]string{"/app:A": "a", "/app/deep:A": "deep", "/apple:A": "by its path's text"}, values(got)); diff != "" {
		t.Errorf("recursive (-want +got):\n%s", diff)
	}
	if len(got.Imports) != 2 || got.Imports[0].SecretPath != "/one" || got.Imports[1].SecretPath != "/two" || len(got.Imports[1].Secrets) != 2 {
		t.Errorf("imports: %+v", got.Imports)
	}
	for name, want := range map[string]string{"SHARED": "two", "A": "a", "NESTED": "n"} {
		one := decode[struct{ Secret secret }](t, request(t, "GET", sim.URL()+single(name, "secretPath", "/app", "include_imports", "true"), access, "").body)
		if one.Secret.SecretValue != want {
			t.Errorf("%s is %q", name, one.Secret.SecretValue)
		}
	}
	if got := request(t, "GET", sim.URL()+single("SHARED", "secretPath", "/app"), access, ""); got.status != http.StatusNotFound {
		t.Errorf("without imports: %+v", got)
	}
}
