package scale

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/live-secrets/external-secrets-apiserver/pkg/generated/clientset/versioned"
	"github.com/live-secrets/external-secrets-apiserver/test/fleet"
)

const (
	// items is how many items the vault has, and the folder: four ExternalSecrets take each.
	items   = 250
	workers = 16
	// pollInterval is the server's default. Polls come up to a tenth early.
	pollInterval = 10 * time.Second
)

// size is that of each of the two fleets that the tests share.
var size = fleet.Size{Secrets: 1000, Stores: 1, Items: items, Namespaces: 10}

// crowd is a fleet that has been created, and what that cost.
type crowd struct {
	*fleet.Fleet
	secrets *fleet.Secrets
	// fromNothing are the requests until all Secrets were there, polls the most polls that may be among them.
	fromNothing map[string]int
	polls       int
}

// crowds makes a thousand ExternalSecrets over one vault, and as many over one folder, when a test first asks for them.
var crowds = sync.OnceValues(func() ([]*crowd, error) {
	all := make([]*crowd, 2)
	err := fleet.Each(context.Background(), len(all), []int{0, 1}, func(ctx context.Context, i int) (err error) {
		if i == 0 {
			all[i], err = newCrowd("vault", fleet.NewConnect(size), size, "")
		} else {
			all[i], err = newCrowd("folder", fleet.NewInfisical(size), size, "")
		}
		return err
	})
	return all, err
})

// newCrowd creates a fleet and waits for its Secrets, for the rest of the process.
func newCrowd(name string, provider fleet.Provider, size fleet.Size, interval string) (*crowd, error) {
	ctx := context.Background()
	config := env.ControlPlane.RESTConfig()
	config.WarningHandler = rest.NoWarnings{}
	client, err := versioned.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	host, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	c := &crowd{Fleet: &fleet.Fleet{Size: size, Name: name, Provider: provider, RefreshInterval: interval, Host: host, Client: client}}
	if c.secrets, err = c.Watch(ctx); err != nil {
		return nil, err
	}
	if err := c.Prepare(ctx); err != nil {
		return nil, err
	}
	c.requests()
	began := time.Now()
	if err := c.Create(ctx, workers); err != nil {
		return nil, err
	}
	_, err = c.secrets.Wait(ctx, c.Members(), fleet.First)
	c.fromNothing, c.polls = c.requests(), pollsIn(time.Since(began))
	return c, err
}

// both returns the vault's fleet and the folder's.
func both(t *testing.T) (vault, folder *crowd) {
	t.Helper()
	all, err := crowds()
	require.NoError(t, err)
	return all[0], all[1]
}

// pollsIn is how many polls fall into a time at most, beside one that it cuts.
func pollsIn(d time.Duration) int { return int(d / (pollInterval * 9 / 10)) }

func total(counts map[string]int) int {
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return sum
}

// requests are those that have arrived since the last call.
func (c *crowd) requests() map[string]int {
	log := c.Provider.Harness().Requests
	defer log.Reset()
	return log.Counts()
}

// afterPoll returns right after a poll has arrived: the next one is nine seconds away at least.
func (c *crowd) afterPoll(t *testing.T) {
	t.Helper()
	log := c.Provider.Harness().Requests
	log.Reset()
	ctx, cancel := context.WithTimeout(t.Context(), 3*pollInterval)
	defer cancel()
	require.NoError(t, log.Wait(ctx, "", 1))
	// One that is thorough makes a second request.
	time.Sleep(time.Second)
	log.Reset()
}

// on are the members that take an item.
func (c *crowd) on(item int) (members []fleet.Member) {
	for _, m := range c.Members() {
		if m.Item == item {
			members = append(members, m)
		}
	}
	return members
}
