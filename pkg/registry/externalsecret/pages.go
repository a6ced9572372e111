package externalsecret

import (
	"k8s.io/utils/lru"
)

// mostPages is how many continue tokens are remembered: those of lists that clients are in the middle of.
const mostPages = 1024

// pages remembers which continue tokens came with a live list. A request for a later page does not say how the first one
// was asked for.
type pages struct {
	tokens *lru.Cache
}

func newPages() *pages {
	return &pages{tokens: lru.New(mostPages)}
}

func (p *pages) remember(token string) {
	if token != "" {
		p.tokens.Add(token, struct{}{})
	}
}

func (p *pages) known(token string) bool {
	_, ok := p.tokens.Get(token)
	return ok
}
