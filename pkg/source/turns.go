package source

import (
	"cmp"
	"slices"
	"time"
)

// tenancy is a namespace at a site.
type tenancy struct {
	site   *site
	tenant string
}

// turns has namespaces take turns where the budget of a site allows fewer polls than are due: the one goes first that was
// served longest ago, with the scope that waits longest. A thousand folders of one namespace so cost another nothing. A scope
// that several namespaces use takes turns by itself. Only the poll loop uses it.
type turns map[tenancy]time.Time

// order sorts what is due at one time, and forgets who has nothing due.
func (t turns) order(all []due, interval time.Duration) {
	slices.SortFunc(all, func(a, b due) int { return a.at.Compare(b.at) })
	ranks := make(map[tenancy]int, len(t))
	for i := range all {
		d := &all[i]
		if d.tenant == everybody {
			d.served = d.at.Add(-interval)
			continue
		}
		by := tenancy{d.src.site, d.tenant}
		d.rank, d.served = ranks[by], t[by]
		ranks[by]++
	}
	for by := range t {
		if _, ok := ranks[by]; !ok {
			delete(t, by)
		}
	}
	slices.SortStableFunc(all, func(a, b due) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), a.served.Compare(b.served))
	})
}

// took notes a turn at a site that has a limit.
func (t turns) took(at *site, tenant string, now time.Time) {
	if tenant != everybody && at.poll != nil {
		t[tenancy{at, tenant}] = now
	}
}

// spread is by how much a scope comes later than others after a rest that was for all of them.
func (sc *scope) spread(interval time.Duration) time.Duration {
	return time.Duration(sc.jitter * float64(interval) / 10)
}
