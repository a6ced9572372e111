package source

import (
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// everybody is the tenant of what several namespaces use, and of what is used on nobody's behalf.
const everybody = ""

// leastParts is into how many parts a cap is divided at least, however few namespaces there are.
const leastParts = 4

// holdings are what a tenant has a Source hold.
type holdings struct {
	scopes, parts int
	bytes         int64
}

// tenants says what of a Source is held for which namespace. Each gets what it asks for while the Source has room. When a
// cap is reached, a namespace that holds less than its equal part of it still gets more, so that none can use up what the
// others need, and nothing is taken from those that came before. Everybody has half. A Source may hold more than its cap
// that way, the more the more namespaces use it; Limits.TotalBytes nothing exceeds. It is guarded by Source.mu.
type tenants map[string]*holdings

// own is what a tenant holds.
func (t tenants) own(tenant string) holdings {
	if h := t[tenant]; h != nil {
		return *h
	}
	return holdings{}
}

// change changes what a tenant holds.
func (t tenants) change(tenant string, by holdings) {
	h := t.own(tenant)
	h.scopes, h.parts, h.bytes = h.scopes+by.scopes, h.parts+by.parts, h.bytes+by.bytes
	if h == (holdings{}) {
		delete(t, tenant)
		return
	}
	t[tenant] = &h
}

// room tells whether a tenant that holds own of a cap, of which all is held, may have more.
func (t tenants) room(tenant string, all, own, more, limit int64) bool {
	if all+more <= limit {
		return true
	}
	if tenant == everybody {
		return own+more <= limit/2
	}
	known := len(t)
	if t[tenant] == nil {
		known++
	}
	return own+more <= limit/int64(max(leastParts, known))
}

// tenantOf is whom what a namespace uses counts for: all of a namespaced store is its namespace's.
func (src *Source) tenantOf(namespace string) string {
	if src.store.Namespace != "" {
		return src.store.Namespace
	}
	return namespace
}

// tenantLocked is whom a need of a read counts for.
func (src *Source) tenantLocked(r *read, n provider.Need) string {
	if namespace, ok := r.by.Namespaces[n]; ok {
		return src.tenantOf(namespace)
	}
	if w := src.wants[n]; w != nil {
		return w.tenant
	}
	return src.tenantOf(everybody)
}

// held is what a scope or a part has of a Source's memory, and whom it counts for. It is guarded by Source.mu.
type held struct {
	// tenant is the namespace that it counts for.
	tenant string
	size   int64
	isPart bool
}

// holdings are those that it is.
func (h *held) holdings() holdings {
	if h.isPart {
		return holdings{parts: 1, bytes: h.size}
	}
	return holdings{scopes: 1, bytes: h.size}
}

// shareLocked notes that a tenant uses what is held: what two use is everybody's.
func (src *Source) shareLocked(h *held, tenant string) {
	if h.tenant == tenant || h.tenant == everybody {
		return
	}
	src.dropShareLocked(h)
	h.tenant = everybody
	src.tenants.change(everybody, h.holdings())
}

// dropShareLocked takes what is held out of what its tenant holds.
func (src *Source) dropShareLocked(h *held) {
	had := h.holdings()
	src.tenants.change(h.tenant, holdings{scopes: -had.scopes, parts: -had.parts, bytes: -had.bytes})
	src.sources.namespaces.add(h.tenant, -had.bytes)
}
