package source

import (
	"sync"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// resizeLocked has size bytes be held for a scope's picture or a part, or tells why they may not be. Less is always allowed.
func (src *Source) resizeLocked(h *held, id provider.Scope, size int64) error {
	tenant, bytes := h.tenant, size-h.size
	limits := src.sources.cfg.Limits
	if bytes > 0 && !src.tenants.room(tenant, src.bytes, src.tenants.own(tenant).bytes, bytes, limits.SourceBytes) {
		return provider.Errorf(provider.Unavailable,
			"%q: what this store is asked for does not fit into the %d bytes that one store may hold; ask for less of it, or divide it between stores", id.Name, limits.SourceBytes)
	}
	if most := limits.TotalBytes / 2; bytes > 0 && tenant != everybody && src.sources.namespaces.of(tenant)+bytes > most {
		return provider.Errorf(provider.Unavailable,
			"%q: what namespace %q asks for does not fit into the %d bytes that all stores together may hold for one namespace; ask for less", id.Name, tenant, most)
	}
	if total := src.sources.bytes.Add(bytes); bytes > 0 && total > limits.TotalBytes {
		src.sources.bytes.Add(-bytes)
		return provider.Errorf(provider.Unavailable,
			"%q: what all stores are asked for does not fit into the %d bytes that they may hold; ask for less", id.Name, limits.TotalBytes)
	}
	src.bytes += bytes
	src.tenants.change(tenant, holdings{bytes: bytes})
	src.sources.namespaces.add(tenant, bytes)
	src.reportHeldLocked()
	h.size = size
	return nil
}

// letGoLocked takes what is held out of all counts.
func (src *Source) letGoLocked(h *held) {
	src.dropShareLocked(h)
	src.releaseLocked(h.size)
}

// releaseLocked lets go of bytes.
func (src *Source) releaseLocked(bytes int64) {
	src.bytes -= bytes
	src.sources.bytes.Add(-bytes)
	src.reportHeldLocked()
}

func (src *Source) reportHeldLocked() {
	src.after = append(src.after, func() { src.sources.cfg.Metrics.Held(src.sources.bytes.Load()) })
}

// namespaces are the bytes that all Sources hold for one namespace alone.
type namespaces struct {
	mu    sync.Mutex
	bytes map[string]int64
}

func (n *namespaces) of(namespace string) int64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.bytes[namespace]
}

func (n *namespaces) add(namespace string, bytes int64) {
	if namespace == everybody || bytes == 0 {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.bytes[namespace] += bytes; n.bytes[namespace] == 0 {
		delete(n.bytes, namespace)
	}
}
