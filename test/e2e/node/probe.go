package node

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// probe asks the container until ctx ends, and has the pod's status say whether it is ready.
func (p *pod) probe(ctx context.Context) {
	container := p.container()
	if container.ReadinessProbe == nil {
		return
	}
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // kubelet does not check certificates either
		DisableKeepAlives: true,
	}}
	if startup := container.StartupProbe; startup != nil {
		for !p.passes(ctx, client, startup) {
			if !pauseFor(ctx, startup) {
				return
			}
		}
	}
	told := false
	for {
		if ready := p.passes(ctx, client, container.ReadinessProbe); ready != told && ctx.Err() == nil {
			if err := p.tell(ctx, corev1.PodRunning, ready); err == nil {
				told = ready
			}
		}
		if !pauseFor(ctx, container.ReadinessProbe) {
			return
		}
	}
}

func pauseFor(ctx context.Context, probe *corev1.Probe) bool {
	select {
	case <-time.After(time.Duration(max(1, probe.PeriodSeconds)) * time.Second):
		return true
	case <-ctx.Done():
		return false
	}
}

func (p *pod) passes(ctx context.Context, client *http.Client, probe *corev1.Probe) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(max(1, probe.TimeoutSeconds))*time.Second)
	defer cancel()
	address := net.JoinHostPort("127."+p.suffix, strconv.Itoa(p.port(probe.HTTPGet.Port.String())))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("https://%s%s", address, probe.HTTPGet.Path), http.NoBody)
	if err != nil {
		return false
	}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode < http.StatusBadRequest
}

func (p *pod) port(name string) int {
	for _, port := range p.container().Ports {
		if port.Name == name {
			return int(port.ContainerPort)
		}
	}
	return 0
}
