package app

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"k8s.io/klog/v2"

	"github.com/live-secrets/external-secrets-apiserver/pkg/apiserver/options"
	"github.com/live-secrets/external-secrets-apiserver/pkg/embeddedetcd"
)

// Run serves until ctx ends. The embedded etcd, where there is one, serves before the first store is built and stops after
// the last request: its clients must never meet it gone.
func Run(ctx context.Context, o *options.Options) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var beside sync.WaitGroup
	defer beside.Wait()
	pacing, stopPacing := context.WithCancel(ctx)
	defer stopPacing()
	beside.Go(func() { paceCollection(pacing) })

	if o.EmbedsEtcd() {
		etcd, err := embeddedetcd.Start(ctx, o.DataDir, embeddedetcd.Quota(o.EtcdQuotaBytes))
		if err != nil {
			return err
		}
		defer etcd.Close()
		o.UseEmbeddedEtcd(etcd.Endpoint())
		go func() {
			select {
			case err := <-etcd.Err():
				cancel(fmt.Errorf("the embedded etcd stopped: %w", err))
			case <-ctx.Done():
			}
		}()
	}

	config, err := o.Config(ctx)
	if err != nil {
		return err
	}
	server, err := config.Complete().New()
	if err != nil {
		return err
	}
	if err := server.Run(ctx); err != nil {
		return err
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	klog.InfoS("Ended in order")
	return nil
}
