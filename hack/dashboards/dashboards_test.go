package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheDashboardIsWhatPanelsSay(t *testing.T) {
	want, err := render()
	require.NoError(t, err)
	got, err := os.ReadFile(filepath.Join("..", "..", file))
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "run: go run ./hack/dashboards")
}

func TestPanelsDoNotOverlap(t *testing.T) {
	taken := map[[2]int]string{}
	for _, p := range place(rows) {
		require.LessOrEqual(t, p.GridPos.X+p.GridPos.W, width, p.Title)
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				cell := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				require.Empty(t, taken[cell], "%s lies there and %s", taken[cell], p.Title)
				taken[cell] = p.Title
			}
		}
	}
}
