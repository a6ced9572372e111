package controlplane

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are taken from below the range from which Linux and macOS serve outgoing
// connections and listeners on port 0, so that nothing else is likely to take
// the port of a component while it restarts.
const (
	firstPort = 20000
	lastPort  = 32000
)

const loopback = "127.0.0.1"

// freePorts returns n distinct ports of 127.0.0.1 that nobody listens on. Another
// process may take one before it is used: who starts a listener tries again.
func freePorts(n int) ([]int, error) {
	listeners := make([]net.Listener, 0, n)
	defer func() {
		for _, l := range listeners {
			l.Close()
		}
	}()
	ports := make([]int, 0, n)
	var lastErr error
	for attempt := 0; len(ports) < n; attempt++ {
		if attempt == 1000 {
			return nil, fmt.Errorf("finding %d free ports between %d and %d: %w", n, firstPort, lastPort, lastErr)
		}
		port := firstPort + rand.IntN(lastPort-firstPort)
		listener, err := net.Listen("tcp", hostPort(port))
		if err != nil {
			lastErr = err
			continue
		}
		listeners = append(listeners, listener)
		ports = append(ports, port)
	}
	return ports, nil
}

// FreePort returns a port of 127.0.0.1 that nobody listens on, for a server that
// a test runs beside the control plane.
func FreePort() (int, error) {
	ports, err := freePorts(1)
	if err != nil {
		return 0, err
	}
	return ports[0], nil
}

func hostPort(port int) string {
	return net.JoinHostPort(loopback, strconv.Itoa(port))
}
