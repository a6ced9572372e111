package externalsecret

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/utils/ptr"

	"github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/install"
	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/validation"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/registry/author"
)

// takeoverFixture is a host with one Secret, where some may update Secrets.
type takeoverFixture struct {
	takeovers *Takeovers
	standing  *host.Metadata
	asked     []string
	fails     error
}

func (f *takeoverFixture) Object(o host.Object) (meta host.Metadata, exists, known bool) {
	if f.standing == nil || o.Name != f.standing.Name {
		return host.Metadata{}, false, true
	}
	return *f.standing, true, true
}

func newTakeoverFixture(allowed ...string) *takeoverFixture {
	f := &takeoverFixture{}
	f.takeovers = &Takeovers{Targets: f, Rights: &author.Rights{Authorizer: authorizer.AuthorizerFunc(
		func(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
			f.asked = append(f.asked, a.GetVerb()+" "+a.GetResource()+"/"+a.GetName())
			for _, name := range allowed {
				if a.GetName() == name {
					return authorizer.DecisionAllow, "", f.fails
				}
			}
			return authorizer.DecisionNoOpinion, "", f.fails
		})}}
	return f
}

func (f *takeoverFixture) request(t *testing.T) context.Context {
	return f.takeovers.begin(genericapirequest.WithUser(t.Context(), &user.DefaultInfo{Name: "ann"}))
}

// create is what the Store does with a new object, as often as it tries.
func (f *takeoverFixture) create(t *testing.T, es *v1.ExternalSecret, tries int) error {
	ctx, strategy := f.request(t), newStrategy(install.Scheme(), validation.Rules{})
	var err error
	for range tries {
		strategy.PrepareForCreate(ctx, es)
		err = check(f.takeovers.refuse).onCreate(nil)(ctx, es.DeepCopy())
	}
	return err
}

func writing(target string, policy v1.CreationPolicy) *v1.ExternalSecret {
	return &v1.ExternalSecret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "db"},
		Spec:       v1.ExternalSecretSpec{Target: &v1.ExternalSecretTarget{Name: &target, CreationPolicy: &policy}},
	}
}

func TestTakeoverOnCreate(t *testing.T) {
	managed, unmanaged := &host.Metadata{Name: "written", Managed: true}, &host.Metadata{Name: "written"}
	own := &host.Metadata{Name: "written", Controller: &metav1.OwnerReference{
		APIVersion: v1.SchemeGroupVersion.String(), Kind: v1.ExternalSecretKind, Name: "db", Controller: ptr.To(true),
	}}
	for name, c := range map[string]struct {
		policy   v1.CreationPolicy
		standing *host.Metadata
		allowed  []string
		// recorded is the generation in the status; nil for none.
		recorded *int64
		refused  bool
	}{
		"no Secret yet, may":                 {v1.CreationOwner, nil, []string{"written"}, ptr.To[int64](1), false},
		"no Secret yet, may not":             {v1.CreationOwner, nil, nil, nil, false},
		"somebody's Secret, may":             {v1.CreationOwner, unmanaged, []string{"written"}, ptr.To[int64](1), false},
		"somebody's Secret, may not":         {v1.CreationOwner, unmanaged, nil, nil, true},
		"somebody's Secret, another right":   {v1.CreationMerge, unmanaged, []string{"db"}, nil, true},
		"somebody's Secret, orphan":          {v1.CreationOrphan, unmanaged, nil, nil, true},
		"somebody's Secret, nothing written": {v1.CreationNone, unmanaged, nil, nil, false},
		"a managed Secret":                   {v1.CreationOwner, managed, nil, nil, false},
		"its own Secret, unmarked":           {v1.CreationOwner, own, nil, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := newTakeoverFixture(c.allowed...)
			f.standing = c.standing
			es := writing("written", c.policy)
			es.Status.TakeoverGeneration = ptr.To[int64](1)
			err := f.create(t, es, 3)
			require.Equal(t, c.recorded, es.Status.TakeoverGeneration)
			require.Equal(t, c.refused, apierrors.IsForbidden(err))
			if c.refused {
				require.ErrorContains(t, err, "spec.target.name")
				require.ErrorContains(t, err, `secrets "written" is forbidden`)
			} else {
				require.NoError(t, err)
			}
			if c.policy == v1.CreationNone {
				require.Empty(t, f.asked)
			} else {
				require.Equal(t, []string{"update secrets/written"}, f.asked, "once a request, however often the Store tries")
			}
		})
	}
}

func TestTakeoverOnUpdate(t *testing.T) {
	strategy := newStrategy(install.Scheme(), validation.Rules{})
	stored := func() *v1.ExternalSecret {
		es := writing("written", v1.CreationOwner)
		es.Generation, es.Status.TakeoverGeneration = 4, ptr.To[int64](4)
		return es
	}
	for name, c := range map[string]struct {
		change   func(*v1.ExternalSecret)
		allowed  []string
		recorded *int64
		asked    int
		refused  bool
	}{
		"spec, may":        {func(es *v1.ExternalSecret) { es.Spec.RefreshInterval = ptr.To("5m") }, []string{"written"}, ptr.To[int64](5), 1, false},
		"spec, may not":    {func(es *v1.ExternalSecret) { es.Spec.RefreshInterval = ptr.To("5m") }, nil, nil, 1, true},
		"target, may not":  {func(es *v1.ExternalSecret) { es.Spec.Target.Name = ptr.To("free") }, []string{"written"}, nil, 1, false},
		"labels":           {func(es *v1.ExternalSecret) { es.Labels = map[string]string{"a": "b"} }, nil, ptr.To[int64](4), 0, false},
		"the status alone": {func(es *v1.ExternalSecret) { es.Status.TakeoverGeneration = nil }, nil, ptr.To[int64](4), 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := newTakeoverFixture(c.allowed...)
			f.standing = &host.Metadata{Name: "written"}
			es, ctx := stored(), f.request(t)
			c.change(es)
			strategy.PrepareForUpdate(ctx, es, stored())
			err := check(f.takeovers.refuse).onUpdate(nil)(ctx, es, stored())
			require.Equal(t, c.recorded, es.Status.TakeoverGeneration)
			require.Len(t, f.asked, c.asked)
			require.Equal(t, c.refused, apierrors.IsForbidden(err), "%v", err)
		})
	}
}

// Whoever writes a status, the materializer from an older copy too, says nothing about rights; a refresh does.
func TestTakeoverAndStatus(t *testing.T) {
	strategy := statusStrategy{newStrategy(install.Scheme(), validation.Rules{})}
	before := writing("written", v1.CreationOwner)
	before.Generation = 2
	for _, forged := range []*int64{nil, ptr.To[int64](1), ptr.To[int64](2)} {
		for _, recorded := range []*int64{nil, ptr.To[int64](2)} {
			es, old := before.DeepCopy(), before.DeepCopy()
			es.Status.TakeoverGeneration, old.Status.TakeoverGeneration = forged, recorded
			strategy.PrepareForUpdate(t.Context(), es, old)
			require.Equal(t, recorded, es.Status.TakeoverGeneration)
		}
	}
	for allowed, want := range map[string]*int64{"written": ptr.To[int64](2), "db": nil} {
		f, es := newTakeoverFixture(allowed), before.DeepCopy()
		ctx := f.request(t)
		strategy.PrepareForUpdate(ctx, es, before)
		strategy.PrepareForUpdate(ctx, es, before)
		require.Equal(t, want, es.Status.TakeoverGeneration)
		require.Len(t, f.asked, 1)
	}
}

func TestTakeoverWithoutAHost(t *testing.T) {
	f := newTakeoverFixture("written")
	f.fails = errors.New("connection refused")
	es := writing("written", v1.CreationOwner)
	err := f.create(t, es, 1)
	require.True(t, apierrors.IsInternalError(err), "%v", err)
	require.Nil(t, es.Status.TakeoverGeneration)
}

// What a request was refused for before, it is refused for still; and without the flag nobody is asked.
func TestTakeoverComesLast(t *testing.T) {
	f := newTakeoverFixture()
	invalid := errors.New("invalid")
	require.ErrorIs(t, check(f.takeovers.refuse).onCreate(func(context.Context, runtime.Object) error { return invalid })(f.request(t), writing("a", v1.CreationOwner)), invalid)
	require.Empty(t, f.asked)

	var off *Takeovers
	es := writing("written", v1.CreationOwner)
	newStrategy(install.Scheme(), validation.Rules{}).PrepareForCreate(off.begin(t.Context()), es)
	require.Nil(t, es.Status.TakeoverGeneration)
	require.NoError(t, off.refuse(off.begin(t.Context()), writing("a", v1.CreationOwner)))
}
