package servingcert

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	coreinformers "k8s.io/client-go/informers/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

const (
	// ManagedByLabel with the value ManagedBy is on Secrets that this package may write.
	ManagedByLabel = "app.kubernetes.io/managed-by"
	// ManagedBy is this program.
	ManagedBy = "external-secrets-apiserver"

	// longestSleep bounds how long a clock that was set goes unnoticed.
	longestSleep = 6 * time.Hour
	retryAfter   = 5 * time.Second
)

// Config says where the certificate is and what it is for.
type Config struct {
	Client  kubernetes.Interface
	Dynamic dynamic.Interface
	// Namespace and Secret name the Secret.
	Namespace, Secret string
	// Managed has the Secret made and renewed, and the APIServices kept in step. Without it the Secret is only read.
	Managed bool
	// Service is the name of the Service in Namespace by which kube-apiserver reaches the server.
	Service string
	// APIServices are the names of those that may lead to the Service.
	APIServices []string
	Lifetimes   Lifetimes
	// Now is the clock that certificates are judged by; time.Now where nil.
	Now func() time.Time
}

// Manager keeps the certificate of one replica.
type Manager struct {
	// Served is what the replica shows.
	Served

	config        Config
	maker         maker
	secret        cache.SharedIndexInformer
	registrations []*registration
	changed       chan struct{}
	loaded        chan struct{}
	loadOnce      sync.Once

	// What follows is of the goroutine of Run alone.
	held material
	// announced is since when all APIServices are seen with the authority next.
	next      *x509.Certificate
	announced time.Time
	complaint string
}

// Names are those that a certificate for a Service has to be valid for.
func Names(service, namespace string) []string {
	name := service + "." + namespace + ".svc"
	return []string{name, name + ".cluster.local"}
}

// New makes a Manager that has no certificate yet.
func New(config Config) *Manager {
	if config.Now == nil {
		config.Now = time.Now
	}
	m := &Manager{
		config: config,
		maker:  maker{names: Names(config.Service, config.Namespace), lifetimes: config.Lifetimes},
		secret: coreinformers.NewFilteredSecretInformer(config.Client, config.Namespace, 0, cache.Indexers{}, byName(config.Secret)),
		// One notice is enough: whoever gets it looks at everything.
		changed: make(chan struct{}, 1),
		loaded:  make(chan struct{}),
	}
	if config.Managed {
		service := types.NamespacedName{Namespace: config.Namespace, Name: config.Service}
		for _, name := range config.APIServices {
			m.registrations = append(m.registrations, newRegistration(config.Dynamic, name, service, config.Lifetimes))
		}
	}
	return m
}

// Loaded is closed when there is a certificate to serve.
func (m *Manager) Loaded() <-chan struct{} { return m.loaded }

// Run keeps the certificate until ctx ends. It is called once.
func (m *Manager) Run(ctx context.Context) error {
	informers := []cache.SharedIndexInformer{m.secret}
	for _, r := range m.registrations {
		informers = append(informers, r.informer)
	}
	var watching sync.WaitGroup
	defer watching.Wait()
	for _, informer := range informers {
		if _, err := informer.AddEventHandler(m.notices()); err != nil {
			return fmt.Errorf("watch the serving certificate: %w", err)
		}
	}
	for _, informer := range informers {
		watching.Go(func() { informer.RunWithContext(ctx) })
	}
	// An APIService that cannot be read must not keep the first certificate from being served.
	if !cache.WaitForCacheSync(ctx.Done(), m.secret.HasSynced) {
		return context.Cause(ctx)
	}
	for {
		timer := time.NewTimer(m.attend(ctx))
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-m.changed:
		case <-timer.C:
		}
		timer.Stop()
	}
}

func (m *Manager) notices() cache.ResourceEventHandler {
	notice := func() {
		select {
		case m.changed <- struct{}{}:
		default:
		}
	}
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { notice() },
		UpdateFunc: func(any, any) { notice() },
		DeleteFunc: func(any) { notice() },
	}
}

// attend does what is due, and returns after how long to look again where nothing changes before.
func (m *Manager) attend(ctx context.Context) time.Duration {
	wait, err := m.step(ctx)
	if err == nil {
		m.complaint = ""
		return min(max(wait, time.Second), longestSleep)
	}
	// Another replica was faster: what it did is about to be seen.
	raced := apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err)
	if !raced && m.complaint != err.Error() && ctx.Err() == nil {
		m.complaint = err.Error()
		klog.FromContext(ctx).Error(err, "The serving certificate is not kept", "secret", klog.KRef(m.config.Namespace, m.config.Secret))
	}
	return retryAfter
}

func (m *Manager) step(ctx context.Context) (time.Duration, error) {
	found, err := m.seen()
	if err != nil {
		return 0, err
	}
	now := m.config.Now()
	if !m.config.Managed {
		return longestSleep, m.read(ctx, found)
	}
	if found != nil && found.Labels[ManagedByLabel] != ManagedBy {
		return longestSleep, errors.Join(m.read(ctx, found),
			fmt.Errorf("the Secret has no label %s=%s: it is somebody else's, and only read", ManagedByLabel, ManagedBy))
	}

	var held material
	if found != nil {
		held = parse(found.Data, m.maker.names, now)
	}
	// What is served has to be trusted, and leaves are renewed whether or not that could be said.
	published := publishAll(ctx, m.registrations, held.trusted.with(m.held.trusted.trusted(now)...).bounded(), now)
	m.adopt(ctx, held, now)
	wait, err := m.advance(ctx, found, held, now)
	return wait, errors.Join(published, err)
}

// adopt serves the leaf of the Secret, unless it is of an authority that is not trusted yet while what is served is. That
// happens where another replica made a Secret that was deleted anew, and had nothing to carry over.
func (m *Manager) adopt(ctx context.Context, held material, now time.Time) {
	if held.leaf == nil {
		return
	}
	if m.held.leaf != nil && m.held.trusted.issuer(m.held.leaf.cert, m.maker.names, now) != nil &&
		!m.trustedByAll(held.trusted.issuer(held.leaf.cert, m.maker.names, now)) {
		return
	}
	m.serve(ctx, held)
}

// advance writes what the Secret should hold, or returns after how long there is something to write.
func (m *Manager) advance(ctx context.Context, found *corev1.Secret, held material, now time.Time) (time.Duration, error) {
	advanced, err := m.maker.advance(held, m.held, m.settled(held, now), now)
	if err != nil {
		return 0, err
	}
	encoded := advanced.encode()
	if found == nil || !sameData(encoded, found.Data) {
		return longestSleep, m.write(ctx, found, encoded, advanced)
	}
	wait := m.maker.wake(held).Sub(now)
	if held.next != nil {
		wait = min(wait, m.config.Lifetimes.settling())
	}
	return wait, nil
}

// settled tells whether an authority has been trusted for long enough to be used.
func (m *Manager) settled(held material, now time.Time) func(*x509.Certificate) bool {
	if held.next == nil || !m.trustedByAll(held.next.cert) {
		m.next = nil
	} else if m.next == nil || !m.next.Equal(held.next.cert) {
		m.next, m.announced = held.next.cert, now
	}
	return func(authority *x509.Certificate) bool {
		return m.next != nil && m.next.Equal(authority) && now.Sub(m.announced) >= m.config.Lifetimes.settling()
	}
}

func (m *Manager) trustedByAll(authority *x509.Certificate) bool {
	for _, r := range m.registrations {
		if !r.trusts(authority) {
			return false
		}
	}
	return true
}

func (m *Manager) serve(ctx context.Context, held material) {
	m.held = held
	if m.show(held.leaf) {
		klog.FromContext(ctx).Info("Serving a certificate", "secret", klog.KRef(m.config.Namespace, m.config.Secret),
			"issuer", held.leaf.cert.Issuer.CommonName, "notAfter", held.leaf.cert.NotAfter)
	}
	m.loadOnce.Do(func() { close(m.loaded) })
}
