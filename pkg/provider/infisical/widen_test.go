package infisical

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

func TestWhenOneListStandsForMany(t *testing.T) {
	f := start(t)
	for name, c := range map[string]struct {
		path   string
		narrow []string
		using  []string
		// want is what is chosen, and how many lists it stands for.
		want map[string]int
	}{
		"nothing":                          {narrow: nil},
		"four folders":                     {narrow: []string{"/a", "/b", "/c", "/d"}},
		"five folders":                     {narrow: []string{"/a", "/b", "/c", "/d", "/e"}, want: map[string]int{"/": 5}},
		"the folder itself is one":         {narrow: []string{"/", "/b", "/c", "/d", "/e"}, want: map[string]int{"/": 5}},
		"the deepest that will do":         {narrow: []string{"/x/a", "/x/b", "/x/c", "/x/d/e", "/x/d/f", "/y"}, want: map[string]int{"/x": 5}},
		"two of them":                      {narrow: []string{"/x/a", "/x/b", "/x/c", "/x/d", "/x/e", "/y/a", "/y/b", "/y/c", "/y/d", "/y/e"}, want: map[string]int{"/x": 5, "/y": 5}},
		"what is left over is not enough":  {narrow: []string{"/x/a", "/x/b", "/x/c", "/x/d", "/x/e", "/y/a", "/y/b"}, want: map[string]int{"/x": 5}},
		"names that begin alike":           {narrow: []string{"/x/a", "/x/b", "/x2/c", "/x2/d", "/x"}, want: map[string]int{"/": 5}},
		"never above the store's own":      {path: "/team", narrow: []string{"/a", "/b", "/c", "/d", "/e"}},
		"below the store's own":            {path: "/team", narrow: []string{"/team/a", "/team/b", "/team/c", "/team", "/team/e", "/f"}, want: map[string]int{"/team": 5}},
		"one in use stays with three":      {narrow: []string{"/a", "/b", "/c"}, using: []string{"/"}, want: map[string]int{"/": 3}},
		"and goes with two":                {narrow: []string{"/a", "/b"}, using: []string{"/"}},
		"one in use goes before a deeper":  {narrow: []string{"/x/a", "/x/b", "/x/c", "/x/d", "/x/e"}, using: []string{"/"}, want: map[string]int{"/": 5}},
		"one in use that has too few goes": {narrow: []string{"/x/a", "/x/b", "/x/c", "/x/d", "/x/e", "/y"}, using: []string{"/y"}, want: map[string]int{"/x": 5}},
	} {
		t.Run(name, func(t *testing.T) {
			scopes := func(names []string, recursive bool) (all []provider.Scope) {
				for _, n := range names {
					all = append(all, provider.Scope{Name: n, Recursive: recursive})
				}
				return all
			}
			cl := f.connect(in(c.path, false))
			narrow := append(scopes(c.narrow, false), provider.Scope{Name: "/elsewhere", Recursive: true})
			got := map[string]int{}
			for _, w := range cl.Wider(narrow, scopes(c.using, true)) {
				require.True(t, w.Scope.Recursive)
				got[w.Scope.Name] = len(w.Instead)
				for _, scope := range w.Instead {
					require.True(t, holds(w.Scope.Name, scope.Name))
				}
			}
			require.Equal(t, len(c.want), len(got), got)
			for above, n := range c.want {
				require.Equal(t, n, got[above], above)
			}
		})
	}
}

func TestWhatARecursiveListShows(t *testing.T) {
	f := start(t)
	f.SetSecret(testProject, "dev", "/app", "A", "1")
	f.SetSecret(testProject, "dev", "/app/below", "B", "1")
	f.AddFolder(testProject, "dev", "/app/empty")
	c := f.connect()
	v := newView()
	below := provider.Scope{Name: "/app", Recursive: true}
	v.show(t, c, below)
	for folder, want := range map[string]bool{"/app": true, "/app/below": true, "/app/empty": false, "/app/none": false} {
		require.Equal(t, want, c.Shows(v.pictures[below], provider.Scope{Name: folder}), folder)
	}
	require.False(t, c.Shows(nil, below))
}
