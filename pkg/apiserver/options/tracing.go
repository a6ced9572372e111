package options

import (
	"context"
	"fmt"

	genericapiserver "k8s.io/apiserver/pkg/server"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/apiserver/pkg/util/feature"
	tracingapi "k8s.io/component-base/tracing/api/v1"
	"k8s.io/component-base/version"

	"github.com/live-secrets/external-secrets-apiserver/pkg/apiserver"
	"github.com/live-secrets/external-secrets-apiserver/pkg/otlp"
	"github.com/live-secrets/external-secrets-apiserver/pkg/tracing"
)

// serviceName is what traces call this server. By the API server library's own options it would be "apiserver", as kube-apiserver
// is.
const serviceName = "external-secrets-apiserver"

// startTracing begins to deliver traces where --tracing-config-file is given, which is read as kube-apiserver reads it. The
// generic server ends it.
func (o *Options) startTracing(ctx context.Context, config *apiserver.Config, instance string) error {
	file := o.Recommended.Traces.ConfigFile
	if file == "" {
		return nil
	}
	wanted, err := genericoptions.ReadTracingConfiguration(file)
	if err != nil {
		return fmt.Errorf("read --tracing-config-file: %w", err)
	}
	if errs := tracingapi.ValidateTracingConfiguration(wanted, feature.DefaultFeatureGate, nil); len(errs) > 0 {
		return fmt.Errorf("read --tracing-config-file: %w", errs.ToAggregate())
	}
	service := otlp.Service{Name: serviceName, Version: version.Get().GitVersion, Instance: instance}
	provider, err := otlp.Start(ctx, wanted, service, apiserver.Logger())
	if err != nil {
		return err
	}
	deciding := tracing.NewProvider(provider)
	config.Trace(deciding)
	o.Recommended.Etcd.StorageConfig.Transport.TracerProvider = deciding
	return nil
}

// applyRecommended is ApplyTo of the library's options, but for traces.
func (o *Options) applyRecommended(generic *genericapiserver.RecommendedConfig) error {
	recommended := *o.Recommended
	recommended.Traces = nil
	return recommended.ApplyTo(generic)
}
