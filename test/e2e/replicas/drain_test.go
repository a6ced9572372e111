package replicas

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/generated/clientset/versioned"
	typed "github.com/live-secrets/external-secrets-apiserver/pkg/generated/clientset/versioned/typed/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
)

// TestDrain ends a replica that is asked something, and asks it more.
func TestDrain(t *testing.T) {
	a := newApp(t, 1)
	replica := env.Replicas.Servers[0]
	watching, reading, late := a.direct(t, replica), a.direct(t, replica), a.direct(t, replica)
	readiness, path := readinessOf(t, replica)

	shown, err := watching.Watch(t.Context(), metav1.ListOptions{ResourceVersion: "0"})
	require.NoError(t, err)
	require.Equal(t, watch.Added, (<-shown.ResultChan()).Type)
	a.Connect.Faults.Add(harness.Slow(time.Second))
	answered, underWay := make(chan error, 1), make(chan struct{})
	traced := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		WroteRequest: func(httptrace.WroteRequestInfo) { close(underWay) },
	})
	go func() { answered <- liveState(traced, reading, a.name(0)) }()
	<-underWay

	ended := replica.StartDrain()
	framework.Eventually(t, "it says that it is not ready", func(context.Context) error {
		response, err := readiness.Get(path)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode == http.StatusOK {
			return errors.New("it is ready")
		}
		return nil
	})
	_, err = late.Get(t.Context(), a.name(0), metav1.GetOptions{ResourceVersion: "0"})
	require.NoError(t, err, "who comes after that is answered all the same")
	require.NoError(t, <-answered)
	for event := range shown.ResultChan() {
		require.NotEqual(t, watch.Error, event.Type, "the watch ends without an error")
	}
	require.NoError(t, <-ended)
	_, err = readiness.Get(path)
	require.Error(t, err, "it is gone")
	replica.Start(t)
}

// direct is a client of one replica, with a connection of its own.
func (a *app) direct(t *testing.T, replica *framework.Server) typed.ExternalSecretInterface {
	t.Helper()
	config := replica.Config(t, "admin", "system:masters")
	config.Dial = ownDial()
	client, err := versioned.NewForConfig(config)
	require.NoError(t, err)
	return client.ExternalSecretsV1().ExternalSecrets(a.namespace)
}

// liveState reads an ExternalSecret live, and is an error where its state is not known.
func liveState(ctx context.Context, client typed.ExternalSecretInterface, name string) error {
	es, err := client.Get(ctx, name, metav1.GetOptions{})
	switch {
	case err != nil:
		return err
	case es.Status.Live == nil:
		return errors.New("it has no live status")
	case es.Status.Live.State != v1.LiveInSync:
		return errors.New("its state is " + string(es.Status.Live.State))
	}
	return nil
}

// readinessOf asks with a new connection each time.
func readinessOf(t *testing.T, replica *framework.Server) (client *http.Client, path string) {
	t.Helper()
	config, err := rest.TLSConfigFor(replica.Config(t, "admin", "system:masters"))
	require.NoError(t, err)
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}},
		replica.URL() + "/readyz?exclude=fence"
}

// TestClientsAreKnownFromTheStart asks a replica with certificates as soon as it is ready.
func TestClientsAreKnownFromTheStart(t *testing.T) {
	replica := env.Replicas.Servers[1]
	a := newApp(t, 1)
	for range 2 {
		replica.Drain(t)
		began := time.Now()
		replica.Start(t)
		took := time.Since(began)
		client := a.direct(t, replica)
		_, err := client.Get(t.Context(), a.name(0), metav1.GetOptions{ResourceVersion: "0"})
		require.NoError(t, err)
		t.Logf("ready %s after its start", took.Round(time.Millisecond))
	}
}
