package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"
)

const dialTimeout = 5 * time.Second

// serveProxy leads connections to Services until ctx ends.
func serveProxy(ctx context.Context, listener net.Listener, client kubernetes.Interface, logger *slog.Logger) {
	var tunnels sync.WaitGroup
	defer tunnels.Wait()
	server := &http.Server{ReadHeaderTimeout: dialTimeout, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		backend, err := connect(r, client)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			backend.Close()
			return
		}
		tunnels.Go(func() { tunnel(ctx, conn, backend) })
	})}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		logger.Error("The proxy of the node ended", "error", err.Error())
	}
}

func tunnel(ctx context.Context, conn, backend net.Conn) {
	closeBoth := func() { conn.Close(); backend.Close() }
	stop := context.AfterFunc(ctx, closeBoth)
	defer stop()
	if _, err := io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		closeBoth()
		return
	}
	// Where one side has ended, so has the other; how is of no interest.
	forward := func(to io.Writer, from io.Reader) {
		defer closeBoth()
		_, _ = io.Copy(to, from)
	}
	var copying sync.WaitGroup
	copying.Go(func() { forward(backend, conn) })
	copying.Go(func() { forward(conn, backend) })
	copying.Wait()
}

// connect dials a pod of the Service that a request names by its address.
func connect(r *http.Request, client kubernetes.Interface) (net.Conn, error) {
	if r.Method != http.MethodConnect {
		return nil, errors.New("this is a proxy for connections")
	}
	address, err := endpoint(r.Context(), client, r.Host)
	if err != nil {
		return nil, err
	}
	return (&net.Dialer{Timeout: dialTimeout}).DialContext(r.Context(), "tcp", address)
}

// endpoint chooses where a connection to a Service's address leads.
func endpoint(ctx context.Context, client kubernetes.Interface, hostPort string) (string, error) {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		return "", err
	}
	services, err := client.CoreV1().Services(metav1.NamespaceAll).List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	for i := range services.Items {
		service := &services.Items[i]
		for _, offered := range service.Spec.Ports {
			if service.Spec.ClusterIP == host && strconv.Itoa(int(offered.Port)) == port {
				return endpointOf(ctx, client, service, offered.Name)
			}
		}
	}
	return "", fmt.Errorf("no Service is at %s", hostPort)
}

func endpointOf(ctx context.Context, client kubernetes.Interface, service *corev1.Service, port string) (string, error) {
	slices, err := client.DiscoveryV1().EndpointSlices(service.Namespace).List(ctx, metav1.ListOptions{
		LabelSelector: discoveryv1.LabelServiceName + "=" + service.Name,
	})
	if err != nil {
		return "", err
	}
	// Those that are ending are of use where there are no others, as to kube-proxy.
	var ready, ending []string
	for i := range slices.Items {
		number := portOf(&slices.Items[i], port)
		for _, candidate := range slices.Items[i].Endpoints {
			address := net.JoinHostPort("127"+strings.TrimPrefix(candidate.Addresses[0], "10"), strconv.Itoa(number))
			switch {
			case ptr.Deref(candidate.Conditions.Ready, false):
				ready = append(ready, address)
			case ptr.Deref(candidate.Conditions.Serving, false):
				ending = append(ending, address)
			}
		}
	}
	if len(ready) == 0 {
		ready = ending
	}
	if len(ready) == 0 {
		return "", fmt.Errorf("no pod of Service %s is ready", service.Name)
	}
	return ready[rand.IntN(len(ready))], nil
}

func portOf(slice *discoveryv1.EndpointSlice, name string) int {
	for _, port := range slice.Ports {
		if ptr.Deref(port.Name, "") == name {
			return int(ptr.Deref(port.Port, 0))
		}
	}
	return 0
}
