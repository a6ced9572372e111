package servingcert

import (
	"crypto/x509"
	"time"
)

const (
	longestSettling = time.Minute
	longestHandover = 24 * time.Hour
)

// Lifetimes are how long certificates are valid.
type Lifetimes struct {
	Leaf, Authority time.Duration
}

// settling is how long every APIService has to have been seen with an authority before a leaf of it is served: time for
// each kube-apiserver to see what this replica saw.
func (l Lifetimes) settling() time.Duration { return min(longestSettling, l.Leaf/10) }

// handover is how long authorities stay trusted that are not ours, counted from the making of our first one: replicas of
// an installation whose certificate came another way may still run.
func (l Lifetimes) handover() time.Duration { return min(longestHandover, l.Authority/4) }

// renewal is when a leaf is replaced by one of the same authority.
func (l Lifetimes) renewal(leaf *x509.Certificate) time.Time { return leaf.NotAfter.Add(-l.Leaf / 3) }

// succession is when an authority gets a successor: from then on its leaves would be cut short.
func (l Lifetimes) succession(authority *x509.Certificate) time.Time {
	return authority.NotAfter.Add(-l.Leaf - 2*l.settling())
}

// maker takes material a step further.
type maker struct {
	names     []string
	lifetimes Lifetimes
}

// advance returns what the Secret should hold at now: m itself where nothing is due. served is what this replica serves
// and trusts, and announced tells whether kube-apiserver is known to trust an authority.
func (k maker) advance(m, served material, announced func(*x509.Certificate) bool, now time.Time) (material, error) {
	if m.leaf == nil {
		m = k.carry(m, served, now)
	}
	var err error
	if m.next == nil && (m.signer == nil || !now.Before(k.lifetimes.succession(m.signer.cert))) {
		if m.next, err = newAuthority(k.names, now, k.lifetimes.Authority); err != nil {
			return m, err
		}
		m.trusted = bundle{m.next.cert}.with(m.trusted...)
	}
	// With neither a leaf nor an authority to sign one, nothing is served that could be disturbed.
	nothingElse := m.leaf == nil && m.signer == nil
	if m.next != nil && (nothingElse || announced(m.next.cert)) {
		m.signer, m.next, m.leaf = m.next, nil, nil
	}
	if m.signer != nil && k.due(m, now) {
		if m.leaf, err = m.signer.sign(k.names, now, k.lifetimes.Leaf); err != nil {
			return m, err
		}
	}
	m.trusted = k.bounded(m)
	return m, nil
}

// due tells whether a new leaf is needed, and would last longer than the one that is there.
func (k maker) due(m material, now time.Time) bool {
	if m.leaf == nil {
		return true
	}
	return !now.Before(k.lifetimes.renewal(m.leaf.cert)) && m.leaf.cert.NotAfter.Before(m.signer.cert.NotAfter)
}

// carry puts what is served into material that has no leaf, if it can be served on.
func (k maker) carry(m, served material, now time.Time) material {
	if served.leaf == nil {
		return m
	}
	if issuer := served.trusted.issuer(served.leaf.cert, k.names, now); issuer != nil {
		m.leaf, m.trusted = served.leaf, m.trusted.with(issuer)
	}
	return m
}

// bounded is the trusted authorities with those in front that are in use.
func (k maker) bounded(m material) bundle {
	if len(m.trusted) <= mostAuthorities {
		return m.trusted
	}
	var first bundle
	for _, authority := range []*pair{m.signer, m.next} {
		if authority != nil {
			first = first.with(authority.cert)
		}
	}
	if issuer := m.trusted.issuer(m.leaf.cert, k.names, m.leaf.cert.NotBefore); issuer != nil {
		first = first.with(issuer)
	}
	return first.with(m.trusted...).bounded()
}

// wake is when advance has something to do next, or when a trusted authority ends.
func (k maker) wake(m material) time.Time {
	when := m.leaf.cert.NotAfter
	if m.signer != nil && when.Before(m.signer.cert.NotAfter) {
		when = k.lifetimes.renewal(m.leaf.cert)
	}
	if m.signer != nil && m.next == nil {
		when = earlier(when, k.lifetimes.succession(m.signer.cert))
	}
	for _, cert := range m.trusted {
		when = earlier(when, cert.NotAfter)
	}
	return when
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
