package servingcert

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// life is what was seen over a while: every leaf that was shown and every authority that signed one.
type life struct {
	leaves, authorities bundle
	most                int
}

// follow looks at replicas every step: what they show is trusted at any time.
func follow(t *testing.T, c *cluster, how, step time.Duration, replicas ...*Manager) life {
	t.Helper()
	var seen life
	for began := time.Now(); time.Since(began) < how; time.Sleep(step) {
		seen.most = max(seen.most, len(c.bundle()))
		for _, m := range replicas {
			c.requireTrusted(m)
			leaf := shown(t, m)
			require.Greater(t, time.Until(leaf.NotAfter), lifetimes.Leaf/4, "it is renewed well before it ends")
			seen.leaves = seen.leaves.with(leaf)
			seen.authorities = seen.authorities.with(c.bundle().issuer(leaf, names, time.Now()))
		}
	}
	return seen
}

func TestThreeLives(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		first, second := c.start(0), c.start(0)
		require.Equal(t, shown(t, first), shown(t, second), "two that start make one certificate")

		seen := follow(t, c, 3*lifetimes.Authority, 187*time.Minute, first, second)
		require.InDelta(t, 3*30/2, len(seen.leaves), 3, "a leaf is renewed after two thirds of its life")
		require.Len(t, seen.authorities, 4, "an authority is succeeded a leaf's life before it ends")
		require.Equal(t, 2, seen.most, "the one before is trusted until it ends, and no longer")
		require.Equal(t, shown(t, first), shown(t, second))
	})
}

// An authority that signs is one that has been announced for a while.
func TestAnAuthorityIsAnnouncedFirst(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		m := c.start(0)
		old := c.bundle()[0]
		time.Sleep(time.Until(lifetimes.succession(old)) - time.Second)
		require.Len(t, c.bundle(), 1)

		time.Sleep(30 * time.Second)
		require.Len(t, c.bundle(), 2, "announced")
		require.NotEmpty(t, c.secret().Data[nextKeyKey])
		require.Equal(t, old.Subject.CommonName, shown(t, m).Issuer.CommonName, "and not used")

		time.Sleep(lifetimes.settling())
		require.Empty(t, c.secret().Data[nextKeyKey])
		require.NotEqual(t, old.Subject.CommonName, shown(t, m).Issuer.CommonName, "used")
		require.True(t, c.bundle().has(old), "the leaves before are still trusted")
		require.Nil(t, (bundle{old}).authority(c.secret().Data[signerKeyKey]), "and no more can be signed")
	})
}

// A successor that kube-apiserver does not know of is not used while the old one can be.
func TestAnAuthorityThatCannotBeAnnounced(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		m := c.start(0)
		old := c.bundle()[0]
		refused := c.refusePatches()
		time.Sleep(time.Until(lifetimes.succession(old)) + time.Hour)
		require.Equal(t, old.Subject.CommonName, shown(t, m).Issuer.CommonName)
		c.requireTrusted(m)

		refused.Store(false)
		time.Sleep(5 * time.Minute)
		require.NotEqual(t, old.Subject.CommonName, shown(t, m).Issuer.CommonName)
		c.requireTrusted(m)
	})
}

func TestClocksThatDiffer(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		ahead, behind := c.start(8*time.Minute), c.start(-8*time.Minute)
		before := c.writes()
		c.requireTrusted(ahead)
		c.requireTrusted(behind)
		time.Sleep(24 * time.Hour)
		require.Equal(t, before, c.writes(), "neither takes the other's for broken")

		seen := follow(t, c, lifetimes.Authority, 187*time.Minute, ahead, behind)
		require.Len(t, seen.authorities, 2)
		require.InDelta(t, 30/2, len(seen.leaves), 2)
	})
}

// A host that was asleep wakes up with nothing valid, and has it at once.
func TestAfterALongSleep(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		c.start(0)
		old := c.bundle()[0]
		for _, stop := range c.stop {
			stop()
		}
		time.Sleep(2 * lifetimes.Authority)
		m := c.start(0)
		c.requireTrusted(m)
		require.False(t, c.bundle().has(old))
	})
}

func TestLeafIsForTheServiceAlone(t *testing.T) {
	authority, err := newAuthority(names, time.Now(), lifetimes.Authority)
	require.NoError(t, err)
	other, err := authority.sign([]string{"kubernetes.default.svc"}, time.Now(), lifetimes.Leaf)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(authority.cert)
	_, err = other.cert.Verify(x509.VerifyOptions{Roots: roots})
	require.ErrorContains(t, err, "not permitted", "the authority cannot vouch for others")
}
