package source

import "github.com/live-secrets/external-secrets-apiserver/pkg/provider"

// reserveLocked counts bytes more as held, or tells why they may not be. Less is always allowed.
func (src *Source) reserveLocked(sc *scope, bytes int64) error {
	limits := src.sources.cfg.Limits
	if bytes > 0 && src.bytes+bytes > limits.SourceBytes {
		return provider.Errorf(provider.Unavailable, "%q: what this store is asked for does not fit into the %d bytes that one store may hold", sc.id.Name, limits.SourceBytes)
	}
	if total := src.sources.bytes.Add(bytes); bytes > 0 && total > limits.TotalBytes {
		src.sources.bytes.Add(-bytes)
		return provider.Errorf(provider.Unavailable, "%q: what all stores are asked for does not fit into the %d bytes that they may hold", sc.id.Name, limits.TotalBytes)
	}
	src.bytes += bytes
	src.reportHeldLocked()
	return nil
}

func (src *Source) releaseLocked(bytes int64) {
	src.bytes -= bytes
	src.sources.bytes.Add(-bytes)
	src.reportHeldLocked()
}

func (src *Source) reportHeldLocked() {
	src.after = append(src.after, func() { src.sources.cfg.Metrics.Held(src.sources.bytes.Load()) })
}

// takeSeat lets a caller wait, unless too many do. The caller gives the seat back.
func (src *Source) takeSeat() bool {
	limits := src.sources.cfg.Limits
	if src.waiting.Add(1) > int64(limits.SourceWaiting) {
		src.waiting.Add(-1)
		return false
	}
	if src.sources.waiting.Add(1) > int64(limits.TotalWaiting) {
		src.giveSeat()
		return false
	}
	return true
}

func (src *Source) giveSeat() {
	src.waiting.Add(-1)
	src.sources.waiting.Add(-1)
}
