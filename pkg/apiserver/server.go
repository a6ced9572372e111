package apiserver

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapiserver "k8s.io/apiserver/pkg/server"
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
}

// New sets up the server: storage, API group, hooks.
func (c CompletedConfig) New() (*Server, error) {
	generic, err := c.generic.New("external-secrets-apiserver", genericapiserver.NewEmptyDelegate())
	if err != nil {
		return nil, fmt.Errorf("set up the generic API server: %w", err)
	}
	group, err := c.apiGroup()
	if err != nil {
		return nil, err
	}
	if err := generic.InstallAPIGroup(group); err != nil {
		return nil, fmt.Errorf("install the API group: %w", err)
	}
	// The generic server collects which storages have to be ready and leaves it to its user to wait for them.
	if err := generic.AddPostStartHook("storage-readiness", generic.StorageReadinessHook.Hook); err != nil {
		return nil, fmt.Errorf("add a post-start hook: %w", err)
	}
	return &Server{generic: generic}, nil
}

// Run serves until ctx ends, then drains.
func (s *Server) Run(ctx context.Context) error {
	return s.generic.PrepareRun().RunWithContext(ctx)
}
