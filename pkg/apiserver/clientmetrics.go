package apiserver

// Requests to the cluster, and the election, are counted as those of Kubernetes' own components are, and under the names that
// dashboards for controllers know (rest_client_requests_total, leader_election_master_status). client-go's counters are
// process-wide, and so is their registration, which importing these packages is.
import (
	_ "k8s.io/component-base/metrics/prometheus/clientgo/leaderelection"
	_ "k8s.io/component-base/metrics/prometheus/restclient"
)
