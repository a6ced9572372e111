package apiserver

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapiserver "k8s.io/apiserver/pkg/server"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/registry/pushsecret"
	"github.com/live-secrets/external-secrets-apiserver/pkg/servingcert"
)

type completedConfig struct {
	generic    genericapiserver.CompletedConfig
	scheme     *runtime.Scheme
	authorizer authorizer.Authorizer
	extra      Extra
}

// Server is a server that is set up and not started.
type Server struct {
	generic *genericapiserver.GenericAPIServer
	work    *background
	// certificate is nil where the serving certificate is in files.
	certificate *servingcert.Manager
	farewell    *farewell
}

// New sets up the server: storage, API group, what runs beside it.
func (c CompletedConfig) New() (*Server, error) {
	parts, err := newComponents(c.extra, c.generic.LoopbackClientConfig)
	if err != nil {
		return nil, err
	}
	store, err := c.externalSecrets(parts)
	if err != nil {
		return nil, err
	}
	var certificate *servingcert.Manager
	if c.extra.ServingCert != nil {
		if certificate, err = newCertificate(*c.extra.ServingCert, c.extra.Host); err != nil {
			return nil, err
		}
		c.generic.SecureServing.Cert = certificate
	}
	guard, err := c.newFence(parts, store)
	if err != nil {
		return nil, err
	}
	work, err := newBackground(parts, guard, c.extra)
	if err != nil {
		return nil, err
	}
	c.putBehind(guard)
	leaving := &farewell{}
	c.accompany(leaving)
	generic, err := c.generic.New("external-secrets-apiserver", genericapiserver.NewEmptyDelegate())
	if err != nil {
		return nil, fmt.Errorf("set up the generic API server: %w", err)
	}
	parts.self.serve(generic.Handler)
	s := &Server{generic: generic, work: work, certificate: certificate, farewell: leaving}
	group, err := c.apiGroup(parts, store, work)
	if err != nil {
		return nil, err
	}
	if err := generic.InstallAPIGroup(group); err != nil {
		return nil, fmt.Errorf("install the API group: %w", err)
	}
	pushing, err := pushsecret.Discovery()
	if err != nil {
		return nil, err
	}
	generic.AggregatedDiscoveryGroupManager.AddGroupVersion(v1.GroupName, pushing)
	if err := s.addHooks(); err != nil {
		return nil, err
	}
	return s, nil
}

// addHooks puts what runs beside the API into its start and its end. The materializer stops first: nothing is written
// while the listeners drain.
func (s *Server) addHooks() error {
	// The generic server collects which storages have to be ready and leaves it to its user to wait for them.
	if err := s.generic.AddPostStartHook("storage-readiness", s.generic.StorageReadinessHook.Hook); err != nil {
		return fmt.Errorf("add a post-start hook: %w", err)
	}
	if err := s.generic.AddPostStartHook("materializer", func(genericapiserver.PostStartHookContext) error {
		s.work.watchSelf()
		s.work.startMaterializer()
		return nil
	}); err != nil {
		return fmt.Errorf("add a post-start hook: %w", err)
	}
	if err := s.generic.AddPreShutdownHook("materializer", func() error {
		s.work.stopMaterializer()
		return nil
	}); err != nil {
		return fmt.Errorf("add a pre-shutdown hook: %w", err)
	}
	if err := s.generic.AddReadyzChecks(s.work.readiness()...); err != nil {
		return fmt.Errorf("add readiness checks: %w", err)
	}
	if err := s.generic.AddLivezChecks(0, s.work.liveness()); err != nil {
		return fmt.Errorf("add the liveness check: %w", err)
	}
	return nil
}

// Run serves until ctx ends, then drains. It returns when everything that it started has ended.
func (s *Server) Run(ctx context.Context) error {
	if err := s.work.start(); err != nil {
		return err
	}
	defer s.work.stop()
	defer context.AfterFunc(ctx, s.farewell.begin)()
	s.keepCertificate(ctx)
	if err := s.generic.PrepareRun().RunWithContext(ctx); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}
