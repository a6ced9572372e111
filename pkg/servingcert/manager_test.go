package servingcert

import (
	"bytes"
	"encoding/base64"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientgotesting "k8s.io/client-go/testing"
)

// foreignBundle is an authority that is not of this package's making, made long ago.
func foreignBundle(t *testing.T) bundle {
	t.Helper()
	foreign, err := newAuthority([]string{"somebody.else"}, time.Now().Add(-100*day), 200*day)
	require.NoError(t, err)
	return bundle{foreign.cert}
}

func TestFirstStart(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		m := c.start(0)
		<-m.Loaded()
		secret := c.secret()
		require.Equal(t, corev1.SecretTypeTLS, secret.Type)
		require.Equal(t, ManagedBy, secret.Labels[ManagedByLabel])
		require.Len(t, secret.Data, 4)
		c.requireTrusted(m)
		before := c.writes()
		time.Sleep(day)
		require.Equal(t, before, c.writes(), "what is in order is left alone")
		require.Equal(t, shown(t, m), shown(t, c.start(0)), "another replica shows the same")
		require.Equal(t, before, c.writes())
	})
}

// Whatever happens to the Secret, there is a good one again, and what is shown is trusted at any time.
func TestDamagedSecret(t *testing.T) {
	other := []byte("-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n")
	for name, c := range map[string]struct {
		damage func(c *cluster)
		// succeeded is set where the authority's key is lost; renewed where only the leaf is.
		succeeded, renewed bool
	}{
		"deleted":          {damage: (*cluster).deleteSecret, succeeded: true},
		"emptied":          {damage: edit(func(s *corev1.Secret) { s.Data = nil }), succeeded: true},
		"no authority":     {damage: edit(func(s *corev1.Secret) { delete(s.Data, trustedKey) }), succeeded: true},
		"no key of it":     {damage: edit(func(s *corev1.Secret) { delete(s.Data, signerKeyKey) }), succeeded: true},
		"a broken key":     {damage: edit(func(s *corev1.Secret) { s.Data[signerKeyKey] = other }), succeeded: true},
		"another's key":    {damage: edit(func(s *corev1.Secret) { s.Data[signerKeyKey] = s.Data[leafKeyKey] }), succeeded: true},
		"no leaf":          {damage: edit(func(s *corev1.Secret) { delete(s.Data, leafCertKey) })},
		"a broken leaf":    {damage: edit(func(s *corev1.Secret) { s.Data[leafCertKey] = []byte("x") })},
		"a leaf's key":     {damage: edit(func(s *corev1.Secret) { s.Data[leafKeyKey] = other })},
		"text around":      {damage: edit(func(s *corev1.Secret) { s.Data[trustedKey] = append([]byte("x\n"), s.Data[trustedKey]...) })},
		"what is too much": {damage: edit(func(s *corev1.Secret) { s.Data["more"] = other })},
	} {
		t.Run(name, func(t *testing.T) {
			inCluster(t, func(t *testing.T, cl *cluster) {
				first, second := cl.start(0), cl.start(0)
				leaf, before := shown(t, first), cl.secret()
				c.damage(cl)
				for range 100 {
					cl.requireTrusted(first)
					cl.requireTrusted(second)
					time.Sleep(time.Second)
				}
				synctest.Wait()
				require.Equal(t, shown(t, first), shown(t, second))
				require.Equal(t, c.succeeded, shown(t, first).Issuer.CommonName != leaf.Issuer.CommonName)
				if !c.succeeded {
					require.Equal(t, before.Data, cl.secret().Data, "it is made of what is served")
				}
				m := parse(cl.secret().Data, names, time.Now())
				require.NotNil(t, m.leaf)
				require.NotNil(t, m.signer)
				require.Nil(t, m.next)
			})
		})
	}
}

func edit(f func(*corev1.Secret)) func(*cluster) {
	return func(c *cluster) { c.editSecret(f) }
}

// A replica that starts where the Secret was deleted knows nothing of what the other serves. The other goes on until what
// it finds is trusted.
func TestASecretThatAnotherMadeAnew(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		m := c.start(0)
		old := shown(t, m)
		refused := c.refusePatches()
		c.editSecret(func(s *corev1.Secret) {
			fresh, err := maker{names: names, lifetimes: lifetimes}.advance(material{}, material{}, nil, time.Now())
			require.NoError(t, err)
			s.Data = fresh.encode()
		})
		c.settle()
		require.Equal(t, old, shown(t, m))
		c.requireTrusted(m)
		refused.Store(false)
		c.settle()
		require.NotEqual(t, old, shown(t, m))
		c.requireTrusted(m)
	})
}

// What somebody else manages is served and never written.
func TestSomebodyElsesSecret(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"without the label": func(*Config) {},
		"asked to read":     func(config *Config) { config.Managed = false },
	} {
		t.Run(name, func(t *testing.T) {
			inCluster(t, func(t *testing.T, c *cluster) {
				authority, err := newAuthority(names, time.Now(), 100*day)
				require.NoError(t, err)
				leaf, err := authority.sign(names, time.Now(), day)
				require.NoError(t, err)
				_, err = c.client.CoreV1().Secrets(namespace).Create(t.Context(), &corev1.Secret{
					ObjectMeta: metav1.ObjectMeta{Name: secretName, Namespace: namespace},
					Data:       map[string][]byte{leafCertKey: leaf.certPEM, leafKeyKey: leaf.keyPEM},
				}, metav1.CreateOptions{})
				require.NoError(t, err)
				before := c.writes()
				m := c.start(0, change)
				require.Equal(t, leaf.cert, shown(t, m))

				next, err := authority.sign(names, time.Now(), day)
				require.NoError(t, err)
				c.editSecret(func(s *corev1.Secret) { s.Data[leafCertKey], s.Data[leafKeyKey] = next.certPEM, next.keyPEM })
				c.settle()
				require.Equal(t, next.cert, shown(t, m), "a change is served")
				c.editSecret(func(s *corev1.Secret) { s.Data[leafKeyKey] = leaf.keyPEM })
				time.Sleep(time.Hour)
				require.Equal(t, next.cert, shown(t, m), "nonsense is not, nor is anything done about it")
				require.Equal(t, before+2, c.writes(), "but for those of the test itself")
			})
		})
	}
}

func TestBundle(t *testing.T) {
	t.Run("emptied", func(t *testing.T) {
		inCluster(t, func(t *testing.T, c *cluster) {
			m := c.start(0)
			c.register(registered(service, nil))
			c.settle()
			c.requireTrusted(m)
		})
	})
	t.Run("nonsense", func(t *testing.T) {
		inCluster(t, func(t *testing.T, c *cluster) {
			c.register(registered(service, []byte("nonsense")))
			c.requireTrusted(c.start(0))
		})
	})
	t.Run("another's Service", func(t *testing.T) {
		inCluster(t, func(t *testing.T, c *cluster) {
			c.register(registered("another", nil))
			c.start(0)
			time.Sleep(2 * lifetimes.Authority)
			require.Empty(t, c.bundle())
		})
	})
	t.Run("of another installation", func(t *testing.T) {
		inCluster(t, func(t *testing.T, c *cluster) {
			foreign := foreignBundle(t)
			c.register(registered(service, foreign.encode()))
			c.start(0)
			require.Len(t, c.bundle(), 2, "its replicas may still run")
			require.True(t, c.bundle().has(foreign[0]))
			time.Sleep(lifetimes.handover() + longestSleep)
			require.Len(t, c.bundle(), 1, "and by now they do not")
		})
	})
	t.Run("of an APIService that comes later", func(t *testing.T) {
		inCluster(t, func(t *testing.T, c *cluster) {
			require.NoError(t, c.dynamic.Resource(apiServices).Delete(t.Context(), apiService, metav1.DeleteOptions{}))
			m := c.start(0)
			_, err := c.dynamic.Resource(apiServices).Create(t.Context(), registered(service, nil), metav1.CreateOptions{})
			require.NoError(t, err)
			c.settle()
			c.requireTrusted(m)
		})
	})
}

// A Secret that something deletes again and again fills no APIService up.
func TestBundleIsBounded(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		m := c.start(0)
		for range 3 * mostAuthorities {
			c.deleteSecret()
			time.Sleep(3 * time.Minute)
			c.requireTrusted(m)
			require.LessOrEqual(t, len(c.bundle()), mostAuthorities)
		}
		require.Len(t, c.bundle(), mostAuthorities)
	})
}

// The one field that a patch changes, and of the version that was seen.
func TestPatch(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		object := registered(service, nil)
		object.SetResourceVersion("7")
		object.SetUID("u")
		c.register(object)
		c.start(0)
		for _, action := range c.dynamic.Actions() {
			if patch, ok := action.(clientgotesting.PatchAction); ok {
				encoded := base64.StdEncoding.EncodeToString(c.bundle().encode())
				require.JSONEq(t, `{"metadata":{"uid":"u","resourceVersion":"7"},"spec":{"caBundle":"`+encoded+`"}}`, string(patch.GetPatch()))
				return
			}
		}
		t.Fatal("there was no patch")
	})
}

// No error says anything of a key.
func TestErrorsHoldNoKey(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		m := c.start(0)
		key := c.secret().Data[leafKeyKey]
		err := m.read(t.Context(), &corev1.Secret{Data: map[string][]byte{leafCertKey: key, leafKeyKey: key}})
		require.EqualError(t, err, "the Secret has no certificate with its key under tls.crt and tls.key")
		_, text := m.CurrentCertKeyContent()
		require.True(t, bytes.Equal(key, text))
		require.NotContains(t, parsePair(m.CurrentCertKeyContent()).String(), "PRIVATE")
	})
}
