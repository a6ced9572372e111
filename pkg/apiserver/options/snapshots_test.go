package options_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestValidateStorage(t *testing.T) {
	for name, c := range map[string]struct {
		args    []string
		message string
	}{
		"snapshots":           {[]string{"--snapshot-dir=/backup", "--snapshot-interval=1h", "--snapshot-keep=1"}, ""},
		"snapshots too often": {[]string{"--snapshot-interval=59s"}, "--snapshot-interval must be at least 1m0s"},
		"no snapshots kept":   {[]string{"--snapshot-keep=0"}, "--snapshot-keep must be at least 1"},
		"a quota":             {[]string{"--etcd-quota-bytes=8589934592"}, ""},
		"no quota":            {[]string{"--etcd-quota-bytes=-1"}, "--etcd-quota-bytes must be at least 1048576"},
		"another's quota":     {[]string{"--etcd-quota-bytes=8589934592", "--etcd-servers=https://etcd:2379"}, "has a quota of its own"},
	} {
		t.Run(name, func(t *testing.T) {
			err := parse(t, c.args...).Validate()
			if c.message == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.message)
		})
	}
}
