package fleet

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMembersAreSpreadEvenly(t *testing.T) {
	for _, size := range []Size{
		{Secrets: 1000, Stores: 1, Items: 1000, Namespaces: 20},
		{Secrets: 1000, Stores: 10, Items: 100, Namespaces: 20},
		{Secrets: 10000, Stores: 100, Items: 10, Namespaces: 20},
	} {
		f := &Fleet{Size: size, Name: "x"}
		names, namespaces, places := map[string]bool{}, map[string]int{}, map[[2]int]int{}
		for _, m := range f.Members() {
			names[m.Name] = true
			namespaces[m.Namespace]++
			places[[2]int{m.Store, m.Item}]++
		}
		require.Len(t, names, size.Secrets)
		require.Len(t, namespaces, size.Namespaces)
		require.Len(t, places, size.Stores*size.Items)
		for _, n := range namespaces {
			require.Equal(t, size.Secrets/size.Namespaces, n)
		}
		for _, n := range places {
			require.Equal(t, size.Secrets/(size.Stores*size.Items), n)
		}
	}
}
