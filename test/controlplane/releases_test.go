package controlplane

import (
	"strings"
	"testing"
)

// TestReleases looks at what the module files name: the newest is what the server itself is built from.
func TestReleases(t *testing.T) {
	root, err := RepositoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	library, err := release{module: root}.version(t.Context(), "k8s.io/apiserver")
	if err != nil {
		t.Fatal(err)
	}
	for minor, want := range map[string]string{
		Newest: "v1." + strings.TrimPrefix(library, "v0."),
		Oldest: "v" + Oldest + ".",
	} {
		found, err := findRelease(t.Context(), minor)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(found.kubernetes, want) {
			t.Errorf("Kubernetes %s is built from %s, want %s", minor, found.kubernetes, want)
		}
	}
}
