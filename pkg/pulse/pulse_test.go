package pulse

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New()
		require.NoError(t, p.Check(), "a loop that has nothing to do is not stuck")
		end := p.Begin("the loop")
		other := p.Begin("the loop")
		time.Sleep(Limit)
		require.NoError(t, p.Check())
		other()
		time.Sleep(time.Second)
		require.EqualError(t, p.Check(), "the loop has been stuck since "+time.Now().Add(-Limit-time.Second).UTC().Format(time.RFC3339))
		end()
		require.NoError(t, p.Check())
		time.Sleep(2 * Limit)
		require.NoError(t, p.Check())
	})
}

func TestLost(t *testing.T) {
	p := New()
	p.Lose("the loop")
	require.EqualError(t, p.Check(), "the loop has ended")
}

func TestNobodyLooks(t *testing.T) {
	var p *Pulse
	p.Begin("the loop")()
	p.Lose("the loop")
}
