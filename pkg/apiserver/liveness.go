package apiserver

import (
	"net/http"
	"sync/atomic"

	"k8s.io/apiserver/pkg/server/healthz"
	"k8s.io/klog/v2"
)

// liveness is what only a new process mends: a loop that is stuck, or has ended. Neither a provider nor the host nor etcd can
// bring it about. Answers of /livez withhold reasons, so they are in the log.
func (b *background) liveness() healthz.HealthChecker {
	var told atomic.Value
	return healthz.NamedCheck("loops", func(*http.Request) error {
		err := b.parts.pulse.Check()
		if err != nil && told.Swap(err.Error()) != err.Error() {
			klog.ErrorS(err, "This process is stuck and ought to be started anew")
		}
		return err
	})
}
