package controlplane

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	serviceCIDR      = "10.0.0.0/24"
	serviceClusterIP = "10.0.0.1" // of the Service kubernetes
	issuer           = "https://kubernetes.default.svc.cluster.local"
)

// controllers are those that matter to objects that run nothing: what the
// namespaces, owners, service accounts, quotas and aggregated roles of a cluster
// need to behave.
var controllers = []string{
	"clusterrole-aggregation-controller",
	"garbage-collector-controller",
	"namespace-controller",
	"resourcequota-controller",
	"serviceaccount-controller",
	"serviceaccount-token-controller",
}

func (cp *ControlPlane) etcdArgs(ports []int) []string {
	client, peer := "https://"+hostPort(ports[0]), "http://"+hostPort(ports[1])
	files := cp.certificates.etcdServer
	return []string{
		"--name=controlplane",
		"--data-dir=" + etcdDir(cp.options.Dir),
		"--listen-client-urls=" + client,
		"--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer,
		"--initial-advertise-peer-urls=" + peer,
		"--initial-cluster=controlplane=" + peer,
		"--cert-file=" + files.Cert,
		"--key-file=" + files.Key,
		"--client-cert-auth",
		"--trusted-ca-file=" + files.CA,
		// The data need not survive a crash of the machine, only of the process.
		"--unsafe-no-fsync",
	}
}

func (cp *ControlPlane) apiserverArgs(ports []int) []string {
	c := cp.certificates
	args := []string{
		"--etcd-servers=" + cp.etcdURL(),
		"--etcd-cafile=" + c.etcdClient.CA,
		"--etcd-certfile=" + c.etcdClient.Cert,
		"--etcd-keyfile=" + c.etcdClient.Key,

		"--bind-address=" + loopback,
		"--advertise-address=" + loopback,
		"--secure-port=" + strconv.Itoa(ports[0]),
		"--tls-cert-file=" + c.apiserver.Cert,
		"--tls-private-key-file=" + c.apiserver.Key,
		// Endpoints of the Service kubernetes may not be loopback addresses.
		"--endpoint-reconciler-type=none",
		"--service-cluster-ip-range=" + serviceCIDR,
		// Watches that are open at a shutdown are ended; else it waits for them for a
		// minute.
		"--shutdown-watch-termination-grace-period=2s",

		"--client-ca-file=" + c.clusterCA,
		"--authorization-mode=RBAC",
		"--service-account-issuer=" + issuer,
		"--service-account-key-file=" + c.serviceAccountKey,
		"--service-account-signing-key-file=" + c.serviceAccountKey,

		"--requestheader-client-ca-file=" + c.frontProxyCA,
		"--requestheader-allowed-names=" + frontProxyUser,
		"--requestheader-username-headers=X-Remote-User",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + c.proxyClient.Cert,
		"--proxy-client-key-file=" + c.proxyClient.Key,

		"--v=" + strconv.Itoa(cp.options.Verbosity),
	}
	if cp.options.AuditPolicy != nil {
		args = append(args,
			"--audit-policy-file="+auditPolicyFile(cp.options.Dir),
			"--audit-log-path="+cp.AuditLog(),
			// A request is in the log once it has been answered.
			"--audit-log-mode=blocking")
	}
	return append(args, cp.options.APIServerArgs...)
}

func (cp *ControlPlane) controllerManagerArgs(ports []int) []string {
	c := cp.certificates
	return []string{
		"--bind-address=" + loopback,
		"--secure-port=" + strconv.Itoa(ports[0]),
		"--tls-cert-file=" + c.controllerManager.Cert,
		"--tls-private-key-file=" + c.controllerManager.Key,
		"--kubeconfig=" + cp.controllerManagerKubeconfig,
		"--authentication-kubeconfig=" + cp.controllerManagerKubeconfig,
		"--authorization-kubeconfig=" + cp.controllerManagerKubeconfig,
		"--controllers=" + strings.Join(slices.Concat(controllers, cp.options.Controllers), ","),
		"--use-service-account-credentials",
		"--service-account-private-key-file=" + c.serviceAccountKey,
		"--root-ca-file=" + c.clusterCA,
		"--leader-elect=false",
		// The defaults of 20 and 30 make the collection of a few thousand objects
		// a test of patience.
		"--kube-api-qps=500",
		"--kube-api-burst=1000",
		"--v=" + strconv.Itoa(cp.options.Verbosity),
	}
}

func etcdDir(dir string) string { return filepath.Join(dir, "etcd") }

func auditPolicyFile(dir string) string { return filepath.Join(dir, "audit-policy.yaml") }
