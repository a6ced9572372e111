package main

import "fmt"

// ours is put behind an expression of which other processes have series too, to keep those of this server.
const ours = " and on (job, instance) external_secrets_leader"

// Each panel of ESO's dashboard has its counterpart: its rows are "Service levels", "Requests" (there the admission webhook's)
// and "Controllers".
var rows = []row{
	{"Service levels", []show{
		gauge("SecretStores not ready", "", "percentunit", 0.01, notReady("secretstore", "")),
		gauge("ClusterSecretStores not ready", "", "percentunit", 0.01, notReady("clustersecretstore", "")),
		gauge("ExternalSecrets not ready", "", "percentunit", 0.01, notReady("externalsecret", inNamespace)),
		gauge("ExternalSecret errors [15m]", "Looks at an ExternalSecret that is not as it should be, of all looks.", "percentunit", 0.01,
			ratio(sum("increase(externalsecret_sync_calls_error{"+inNamespace+"}[15m])"), sum("increase(externalsecret_sync_calls_total{"+inNamespace+"}[15m])"))),
		gauge("Provider errors [15m]", "Calls of providers that failed, of all calls.", "percentunit", 0.01,
			ratio(sum(`increase(externalsecret_provider_api_calls_count{status="error"}[15m])`), sum("increase(externalsecret_provider_api_calls_count[15m])"))),
		gauge("Workqueue depth", "", "short", 100, `sum(workqueue_depth{name=~"externalsecret|secretstore"})`),
		gauge("Requests with an error [5m]", "Requests that were answered with a 5xx, of all.", "percentunit", 0.01,
			ratio(`(sum(rate(apiserver_request_total{group="external-secrets.io",code=~"5.."}[5m])) or vector(0))`,
				`sum(rate(apiserver_request_total{group="external-secrets.io"}[5m]))`)),
		gauge("Request latency [p99]", "Watches aside.", "s", 5,
			quantile("0.99", "le", `apiserver_request_duration_seconds_bucket{group="external-secrets.io",verb!="WATCH"}`, "5m")),
		gauge("Reconcile latency [p99]", "", "s", 10, quantile("0.99", "le", "controller_runtime_reconcile_time_seconds_bucket{"+ofController+"}", "5m")),
		gauge("Reconcile errors [5m]", "", "percentunit", 0.01,
			ratio(sum(`increase(controller_runtime_reconcile_total{`+ofController+`,result="error"}[5m])`), sum("increase(controller_runtime_reconcile_total{"+ofController+"}[5m])"))),
		stat("Replicas that write", "1 is right.", "short", "sum(external_secrets_leader)"),
		stat("Secrets not ready", "", "short", `sum(externalsecret_status_condition{condition="Ready",status="False",`+inNamespace+`})`),
	}},
	{"What fails", []show{
		timeseries("Provider errors [15m]", "", "short",
			query{`sum by (provider, call) (increase(externalsecret_provider_api_calls_count{status="error"}[15m]))`, "{{provider}}/{{call}}"}),
		table("ExternalSecrets not ready", "The condition Ready of each says why.",
			`max by (namespace, name) (externalsecret_status_condition{condition="Ready",status="False",`+inNamespace+`}) == 1`),
		timeseries("ExternalSecret sync call errors [15m]", "", "short",
			query{`sum by (namespace, name) (increase(externalsecret_sync_calls_error{` + inNamespace + `}[15m])) > 0`, "{{namespace}}/{{name}}"}),
		table("Stores not ready", "",
			`max by (namespace, name) ({__name__=~"(cluster)?secretstore_status_condition",condition="Ready",status="False",`+ofStore+`}) == 1`),
		table("Stores whose provider does not answer", "Nobody waits for it: one probe goes out per poll interval.",
			`max by (kind, namespace, name, provider) (external_secrets_store_breaker_open{`+ofStore+`}) == 1`),
		timeseries("Providers' failures", "Calls per second, by the reason of their failure.", "ops",
			query{`sum by (provider, reason) (rate(external_secrets_provider_requests_total{reason!=""}[$__rate_interval]))`, "{{provider}}: {{reason}}"}),
	}},
	{"Live reads", []show{
		timeseries("Live reads per second", "", "ops", query{"sum by (read) (rate(external_secrets_live_read_duration_seconds_count[$__rate_interval]))", "{{read}}"}),
		timeseries("Live read latency", "From the request's arrival at the stored object to what the provider shows.", "s",
			query{quantile("0.5", "le, read", "external_secrets_live_read_duration_seconds_bucket", "$__rate_interval"), "{{read}} p50"},
			query{quantile("0.99", "le, read", "external_secrets_live_read_duration_seconds_bucket", "$__rate_interval"), "{{read}} p99"}),
		timeseries("What live reads show", "ExternalSecrets per second, by their state.", "ops",
			query{"sum by (state) (rate(external_secrets_live_reads_total[$__rate_interval]))", "{{state}}"}),
		timeseries("Age of what reads are answered from", "", "s",
			query{quantile("0.99", "le, provider", "external_secrets_view_age_seconds_bucket", "$__rate_interval"), "{{provider}} p99"}),
		timeseries("Revalidations saved", "Reads per second that shared a revalidation which another one caused.", "ops",
			query{"sum by (provider) (rate(external_secrets_provider_requests_saved_total[$__rate_interval]))", "{{provider}}"}),
		timeseries("Reads sent away", "Reads per second that were answered from what was held, by why.", "ops",
			query{"sum by (provider, why) (rate(external_secrets_reads_sent_away_total[$__rate_interval]))", "{{provider}}: {{why}}"}),
	}},
	{"Providers", []show{
		timeseries("API calls by provider", "Calls per second.", "ops",
			query{"sum by (provider, call, status) (rate(externalsecret_provider_api_calls_count[$__rate_interval]))", "{{provider}}/{{call}} {{status}}"}),
		timeseries("Call latency [p99]", "", "s",
			query{quantile("0.99", "le, provider, operation", "external_secrets_provider_request_duration_seconds_bucket", "$__rate_interval"), "{{provider}}/{{operation}}"}),
		timeseries("HTTP requests per second", "By what they were made for.", "reqps",
			query{"sum by (provider, operation) (rate(external_secrets_provider_http_requests_total[$__rate_interval]))", "{{provider}}/{{operation}}"}),
		timeseries("HTTP answers per second", "By route and status.", "reqps",
			query{"sum by (provider, route, code) (rate(external_secrets_provider_http_answers_total[$__rate_interval]))", "{{provider}} {{route}} {{code}}"}),
		timeseries("HTTP latency [p99]", "", "s",
			query{quantile("0.99", "le, provider, route", "external_secrets_provider_http_request_duration_seconds_bucket", "$__rate_interval"), "{{provider}} {{route}}"}),
		timeseries("Age of the oldest picture of a store", "Of those that the leader keeps up to date: about a poll interval.", "s",
			query{"max by (kind, namespace, name) (external_secrets_store_view_age_seconds{" + ofStore + "})", "{{kind}} {{namespace}}/{{name}}"}),
		timeseries("Stores whose provider does not answer", "", "short", query{"sum by (kind) (external_secrets_stores_barred)", "{{kind}}"}),
		timeseries("Budget of hosts with a limit", "Requests that may be sent at once.", "short",
			query{"min by (site, for) (external_secrets_site_tokens)", "{{site}} for {{for}}"}, query{"max by (site) (external_secrets_site_paused)", "{{site}} paused"}),
		timeseries("What is held", "", "bytes", query{"sum by (instance) (external_secrets_held_bytes)", "{{instance}}"}),
	}},
	{"Controllers", []show{
		timeseries("Active workers by controller", "", "short", query{"sum by (controller) (controller_runtime_active_workers{" + ofController + "})", "{{controller}}"}),
		timeseries("Workqueue depth", "", "short", query{`sum by (name) (workqueue_depth{name=~"externalsecret|secretstore"})`, "{{name}}"}),
		timeseries("ExternalSecrets that wait, by priority", "Those never tried go first, then what changed, then what fell due.", "short",
			query{"sum by (class) (external_secrets_queue_depth)", "{{class}}"}),
		timeseries("Max concurrent", "", "short", query{"max by (controller) (controller_runtime_max_concurrent_reconciles{" + ofController + "})", "{{controller}}"}),
		timeseries("Reconciles per second", "", "ops",
			query{"sum by (controller, result) (rate(controller_runtime_reconcile_total{" + ofController + "}[$__rate_interval]))", "{{controller}} {{result}}"}),
		heatmap("Reconcile time", "", "sum by (le) (increase(controller_runtime_reconcile_time_seconds_bucket{"+ofController+"}[$__rate_interval]))"),
		timeseries("Wait for a worker [p99]", "", "s",
			query{quantile("0.99", "le, name", `workqueue_queue_duration_seconds_bucket{name=~"externalsecret|secretstore"}`, "$__rate_interval"), "{{name}}"}),
		timeseries("Requests to the cluster", "", "reqps",
			query{"sum by (method, code) (rate(rest_client_requests_total[$__rate_interval])" + ours + ")", "{{method}} {{code}}"}),
		timeseries("Last look at an ExternalSecret", "The longest ones, in nanoseconds.", "ns",
			query{"topk(10, externalsecret_reconcile_duration{" + inNamespace + "})", "{{namespace}}/{{name}}"}),
	}},
	{"Requests", []show{
		timeseries("Requests by verb", "", "reqps",
			query{`sum by (resource, subresource, verb) (rate(apiserver_request_total{group="external-secrets.io"}[$__rate_interval]))`, "{{verb}} {{resource}}/{{subresource}}"}),
		timeseries("Requests in flight", "", "short",
			query{"sum by (request_kind) (apiserver_current_inflight_requests" + ours + ")", "{{request_kind}}"}),
		timeseries("Requests by code", "", "reqps", query{`sum by (code) (rate(apiserver_request_total{group="external-secrets.io"}[$__rate_interval]))`, "{{code}}"}),
		heatmap("Request latency", "Watches aside.",
			`sum by (le) (increase(apiserver_request_duration_seconds_bucket{group="external-secrets.io",verb!="WATCH"}[$__rate_interval]))`),
	}},
	{"Server and store", []show{
		stat("Fence", "1 while requests for objects are refused and nothing is written.", "short", "max(external_secrets_fence_closed)"),
		stat("Store disagrees", "1 while somebody has to decide what becomes of the store.", "short", "max(external_secrets_fence_disagrees)"),
		stat("Certificate ends in", "", "s", "min(external_secrets_serving_certificate_expiry_seconds)"),
		stat("APIService unavailable", "As kube-apiserver sees it, where Prometheus scrapes that.", "short",
			`max(aggregator_unavailable_apiservice{name="v1.external-secrets.io"})`),
		stat("Database is full", "1 while etcd stores nothing for want of room.", "short", "max(external_secrets_etcd_db_full)"),
		stat("Last snapshot", "Where snapshots are scheduled.", "dateTimeFromNow", "max(external_secrets_snapshot_last_success_timestamp_seconds) * 1000"),
		timeseries("etcd's database", "", "bytes",
			query{"max by (member) (external_secrets_etcd_db_size_bytes)", "size of {{member}}"},
			query{"max by (member) (external_secrets_etcd_db_in_use_bytes)", "in use of {{member}}"},
			query{"max by (member) (external_secrets_etcd_db_quota_bytes)", "quota of {{member}}"}),
		timeseries("Memory", "", "bytes", query{"process_resident_memory_bytes" + ours, "{{instance}}"}),
		timeseries("CPU", "Cores.", "short", query{"rate(process_cpu_seconds_total[$__rate_interval])" + ours, "{{instance}}"}),
	}},
}

const (
	inNamespace  = `namespace=~"$namespace"`
	ofStore      = `name=~"$store"`
	ofController = `controller=~"$controller"`
)

// notReady is the share of objects of a kind that are not Ready. Of the two series of an object one is 1 and the other 0.
func notReady(prefix, selector string) string {
	if selector != "" {
		selector = "," + selector
	}
	return ratio(sum(fmt.Sprintf(`%s_status_condition{condition="Ready",status="False"%s}`, prefix, selector)),
		sum(fmt.Sprintf(`%s_status_condition{condition="Ready"%s}`, prefix, selector)))
}

func sum(of string) string { return "sum(" + of + ")" }

func ratio(part, whole string) string { return part + " / " + whole }

func quantile(q, by, buckets, over string) string {
	return fmt.Sprintf("histogram_quantile(%s, sum by (%s) (rate(%s[%s])))", q, by, buckets, over)
}
