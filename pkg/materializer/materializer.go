package materializer

import "context"

// Materializer writes Secrets while it leads.
type Materializer struct {
	config Config
}

// New makes a Materializer. It registers with the informers, the host and the Sources, sends nothing and starts nothing.
func New(config Config) (*Materializer, error) {
	if err := config.validate(); err != nil {
		return nil, err
	}
	return &Materializer{config: config.withDefaults()}, nil
}

// HasLeader tells whether some replica writes Secrets, as far as this one knows.
func (m *Materializer) HasLeader() bool { return false }

// Run leads whenever it can, until ctx ends, and returns when all that it started has ended: nothing is written after that.
// It is called once.
func (m *Materializer) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}
