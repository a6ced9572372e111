package matrix

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

// subject is an ExternalSecret, and its Secret, that goes through the cells of its row. Beside it, a witness that follows and
// repairs everything shows when the server has dealt with what a cell did: what has not happened to the subject by then does
// not happen.
type subject struct {
	*fixture
	row
	name, witness  string
	immutable      bool
	version, edits int
}

func (f *fixture) run(t *testing.T, name string, r row, immutable bool) {
	s := &subject{fixture: f, row: r, name: name, witness: name + "-witness", immutable: immutable}
	f.addStore(t, name, s.value())
	f.add(t, s.witness, name, func(*v1.ExternalSecretSpec) {})
	f.holds(t, s.witness, s.value())
	for _, cell := range []struct {
		name string
		test func(t *testing.T)
	}{
		{"create if missing", s.createIfMissing},
		{"follow the provider", s.followTheProvider},
		{"overwrite", s.overwrite},
		{"keep", s.keep},
		{"recreate", s.recreate},
	} {
		// A cell begins where the one before has ended.
		if !t.Run(cell.name, cell.test) {
			return
		}
	}
}

// value is what the provider has.
func (s *subject) value() string { return fmt.Sprintf("v%d", s.version) }

func (s *subject) createIfMissing(t *testing.T) {
	s.begin(t)
	if s.creates {
		s.holds(t, s.name, s.value())
		require.Equal(t, s.immutable, ptr.Deref(s.secret(t, s.name).Immutable, false))
		return
	}
	s.ready(t, s.name, map[v1.CreationPolicy]string{v1.CreationMerge: "SecretMissing", v1.CreationNone: "SecretSynced"}[s.creation])
	require.Nil(t, s.secret(t, s.name))
	s.foreign(t)
	if s.creation == v1.CreationMerge {
		s.holds(t, s.name, s.value())
		require.Equal(t, "kept", string(s.secret(t, s.name).Data["other"]))
	}
}

func (s *subject) followTheProvider(t *testing.T) {
	before := s.secret(t, s.name)
	s.change(t)
	if s.follows == soon {
		s.holds(t, s.name, s.value())
		return
	}
	s.unchanged(t, before)
	s.edit(t)
	if s.follows == edited {
		s.holds(t, s.name, s.value())
		return
	}
	s.change(t)
	s.unchanged(t, before)
}

func (s *subject) overwrite(t *testing.T) {
	s.remove(t, s.name, metav1.DeletePropagationOrphan)
	before := s.secret(t, s.name)
	require.NotNil(t, before)
	require.Empty(t, before.OwnerReferences)
	s.change(t)
	s.unchanged(t, before)
	s.begin(t)
	if s.overwrites {
		s.holds(t, s.name, s.value())
		require.Equal(t, before.UID, s.secret(t, s.name).UID)
		return
	}
	s.ready(t, s.name, "SecretSynced")
	require.Equal(t, before.Data, s.secret(t, s.name).Data)
}

func (s *subject) keep(t *testing.T) {
	s.remove(t, s.name, metav1.DeletePropagationBackground)
	if !s.keeps {
		s.gone(t, s.name)
		return
	}
	doomed := s.name + "-doomed"
	s.add(t, doomed, s.name, func(*v1.ExternalSecretSpec) {})
	s.holds(t, doomed, s.value())
	s.remove(t, doomed, metav1.DeletePropagationBackground)
	s.gone(t, doomed)
	require.NotNil(t, s.secret(t, s.name))
}

func (s *subject) recreate(t *testing.T) {
	s.begin(t)
	s.ready(t, s.name, "SecretSynced")
	before := s.secret(t, s.name)
	s.drop(t, s.name)
	if s.recreates == soon {
		s.holds(t, s.name, s.value())
		require.NotEqual(t, before.UID, s.secret(t, s.name).UID)
		return
	}
	s.repair(t)
	require.Nil(t, s.secret(t, s.name))
	switch s.recreates {
	case refreshed:
		s.change(t)
	default:
		s.edit(t)
	}
	if s.recreates != never {
		s.remade(t)
		return
	}
	s.change(t)
	s.repair(t)
	require.Nil(t, s.secret(t, s.name))
}

// remade waits for another Secret. One that is immutable has the value that there was when it was made.
func (s *subject) remade(t *testing.T) {
	t.Helper()
	if !s.immutable {
		s.holds(t, s.name, s.value())
		return
	}
	framework.Eventually(t, "Secret "+s.name+" is there", func(ctx context.Context) error {
		_, err := s.host.CoreV1().Secrets(s.Namespace).Get(ctx, s.name, metav1.GetOptions{})
		return err
	})
}

// begin creates the ExternalSecret.
func (s *subject) begin(t *testing.T) {
	t.Helper()
	s.add(t, s.name, s.name, func(spec *v1.ExternalSecretSpec) {
		spec.RefreshPolicy = &s.refresh
		spec.Target.CreationPolicy = &s.creation
		if s.immutable {
			spec.Target.Immutable = ptr.To(true)
		}
	})
}

// edit changes the ExternalSecret, as force-sync does.
func (s *subject) edit(t *testing.T) {
	t.Helper()
	s.edits++
	_, err := s.client.ExternalSecretsV1().ExternalSecrets(s.Namespace).Patch(t.Context(), s.name, types.MergePatchType,
		fmt.Appendf(nil, `{"metadata":{"annotations":{"force-sync":"%d"}}}`, s.edits), metav1.PatchOptions{})
	require.NoError(t, err)
}

// foreign makes somebody else's Secret of the name.
func (s *subject) foreign(t *testing.T) {
	t.Helper()
	_, err := s.host.CoreV1().Secrets(s.Namespace).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: s.name}, StringData: map[string]string{"other": "kept"},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
}

// change has the provider show another value, twice: when the witness has the second, what the first one set off is over.
func (s *subject) change(t *testing.T) {
	t.Helper()
	for range 2 {
		s.version++
		s.Connect.SetField(s.name, "app", "value", s.value())
		s.holds(t, s.witness, s.value())
	}
}

// repair has the Secret of the witness made again, twice.
func (s *subject) repair(t *testing.T) {
	t.Helper()
	for range 2 {
		before := s.secret(t, s.witness).UID
		s.drop(t, s.witness)
		framework.Eventually(t, "the witness has another Secret", func(ctx context.Context) error {
			secret, err := s.host.CoreV1().Secrets(s.Namespace).Get(ctx, s.witness, metav1.GetOptions{})
			if err == nil && secret.UID == before {
				err = fmt.Errorf("it has UID %s", before)
			}
			return err
		})
	}
}

// unchanged checks that nobody has written the Secret.
func (s *subject) unchanged(t *testing.T, before *corev1.Secret) {
	t.Helper()
	now := s.secret(t, s.name)
	require.NotNil(t, now)
	require.Equal(t, before.ResourceVersion, now.ResourceVersion)
}
