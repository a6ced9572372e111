package sidebyside

const idleStore = `
apiVersion: GROUP/v1
kind: SecretStore
metadata:
  name: idle
spec:
  controller: nobody
  provider:
    onepassword:
      connectHost: http://127.0.0.1:1
      vaults: {home: 1}
      auth:
        secretRef:
          connectTokenSecretRef: {name: token, key: token}
`

const one = `
apiVersion: GROUP/v1
kind: ExternalSecret
metadata:
  name: one
spec:
  secretStoreRef: {name: idle, kind: SecretStore}
  data:
  - secretKey: password
    remoteRef: {key: database, property: password}
`

const oneChanged = `
apiVersion: GROUP/v1
kind: ExternalSecret
metadata:
  name: one
  labels: {tier: front}
spec:
  secretStoreRef: {name: idle, kind: SecretStore}
  refreshInterval: 10m
  data:
  - secretKey: user
    remoteRef: {key: database, property: user}
`

const (
	collection = "/apis/GROUP/v1/namespaces/NS/externalsecrets"
	object     = collection + "/one"
	typeJSON   = "application/json"
	typeMerge  = "application/merge-patch+json"
	typePatch  = "application/json-patch+json"
	typeSMP    = "application/strategic-merge-patch+json"
	typeApply  = "application/apply-patch+yaml"
)

func kubectl(name string, args ...string) step { return step{name: name, kubectl: args} }

func kubectlInput(name, stdin string, args ...string) step {
	return step{name: name, stdin: stdin, kubectl: args}
}

func get(name, path string) step {
	// The version 0 asks both for what is stored.
	return step{name: name, method: "GET", path: path}
}

func send(name, method, path, contentType, body string) step {
	return step{name: name, method: method, path: path, contentType: contentType, body: body}
}

var scripts = []script{
	{"kubectl", []step{
		kubectlInput("create", one, "create", "-f", "-"),
		kubectlInput("create again", one, "create", "-f", "-"),
		kubectl("get", "get", "externalsecrets.GROUP"),
		kubectl("get one wide", "get", "externalsecrets.GROUP", "one", "-o", "wide"),
		kubectl("get stores", "get", "secretstores.GROUP"),
		kubectl("get nothing", "get", "externalsecrets.GROUP", "none"),
		kubectl("get name", "get", "externalsecrets.GROUP", "-o", "name"),
		kubectl("get yaml", "get", "externalsecrets.GROUP", "one", "-o", "yaml"),
		kubectl("get status", "get", "externalsecrets.GROUP", "one", "--subresource=status", "-o", "yaml"),
		kubectl("get by field", "get", "externalsecrets.GROUP", "--field-selector=spec.refreshInterval=1h0m0s", "-o", "name"),
		kubectl("get by another field", "get", "externalsecrets.GROUP", "--field-selector=spec.refreshPolicy=Periodic"),
		kubectl("label", "label", "externalsecrets.GROUP", "one", "tier=back"),
		kubectl("get by label", "get", "externalsecrets.GROUP", "-l", "tier=back", "-o", "name"),
		kubectl("annotate", "annotate", "externalsecrets.GROUP", "one", "note=x"),
		kubectl("patch", "patch", "externalsecrets.GROUP", "one", "--type=merge", "-p", `{"spec":{"refreshInterval":"2m"}}`),
		kubectl("patch status", "patch", "externalsecrets.GROUP", "one", "--subresource=status", "--type=merge", "-p",
			`{"status":{"conditions":[{"type":"Ready","status":"True","reason":"SecretSynced"}]}}`),
		kubectl("wait", "wait", "--for=condition=Ready", "externalsecrets.GROUP/one", "--timeout=30s"),
		kubectl("get ready", "get", "externalsecrets.GROUP"),
		kubectlInput("replace", oneChanged, "replace", "-f", "-"),
		kubectl("delete dry", "delete", "externalsecrets.GROUP", "one", "--dry-run=server"),
		kubectl("delete", "delete", "externalsecrets.GROUP", "one"),
		kubectl("delete again", "delete", "externalsecrets.GROUP", "one"),
		kubectl("explain", "explain", "externalsecrets.spec.dataFrom.rewrite", "--api-version=GROUP/v1", "--recursive"),
		kubectl("explain target", "explain", "externalsecrets.spec.target", "--api-version=GROUP/v1"),
		kubectl("explain store", "explain", "clustersecretstores.spec", "--api-version=GROUP/v1", "--recursive"),
	}},
	{"apply", []step{
		kubectlInput("dry run", one, "apply", "--dry-run=server", "-f", "-"),
		kubectlInput("apply", one, "apply", "-f", "-"),
		kubectlInput("apply again", one, "apply", "-f", "-"),
		kubectlInput("diff of nothing", one, "diff", "-f", "-"),
		kubectlInput("apply a change", oneChanged, "apply", "-f", "-"),
		get("after the change", object+"/status"),
		kubectlInput("apply server-side", one, "apply", "--server-side", "-f", "-"),
		kubectlInput("apply server-side by another", oneChanged, "apply", "--server-side", "--field-manager=other", "-f", "-"),
		kubectlInput("apply server-side by force", oneChanged, "apply", "--server-side", "--field-manager=other", "--force-conflicts", "-f", "-"),
		get("after force", object+"/status"),
		kubectlInput("delete", one, "delete", "-f", "-"),
	}},
	{"requests", []step{
		send("create", "POST", collection, "application/yaml", one),
		send("create the same", "POST", collection, "application/yaml", one),
		send("create another kind", "POST", collection, typeJSON, `{"apiVersion":"GROUP/v1","kind":"SecretStore","metadata":{"name":"three"}}`),
		send("create in another namespace", "POST", collection, typeJSON, `{"apiVersion":"GROUP/v1","kind":"ExternalSecret","metadata":{"name":"three","namespace":"default"}}`),
		send("create without a name", "POST", collection, typeJSON, `{"apiVersion":"GROUP/v1","kind":"ExternalSecret","spec":{"secretStoreRef":{"name":"idle"},"data":[{"secretKey":"a","remoteRef":{"key":"k"}}]}}`),
		send("create with a bad name", "POST", collection, typeJSON, `{"apiVersion":"GROUP/v1","kind":"ExternalSecret","metadata":{"name":"Three"},"spec":{"secretStoreRef":{"name":"idle"},"data":[{"secretKey":"a","remoteRef":{"key":"k"}}]}}`),
		send("create with a status", "POST", collection, typeJSON, `{"apiVersion":"GROUP/v1","kind":"ExternalSecret","metadata":{"name":"three"},"spec":{"secretStoreRef":{"name":"idle"},"data":[{"secretKey":"a","remoteRef":{"key":"k"}}]},"status":{"syncedResourceVersion":"x"}}`),
		send("create what is not JSON", "POST", collection, typeJSON, `{"apiVersion"`),
		send("create in CSV", "POST", collection, "text/csv", `a,b`),
		send("create with an unknown field", "POST", collection+"?fieldValidation=Strict", typeJSON, `{"apiVersion":"GROUP/v1","kind":"ExternalSecret","metadata":{"name":"four"},"spec":{"surprise":1}}`),
		send("create with a wrong type", "POST", collection, typeJSON, `{"apiVersion":"GROUP/v1","kind":"ExternalSecret","metadata":{"name":"four"},"spec":{"data":"all"}}`),
		send("create against an enum", "POST", collection, typeJSON, `{"apiVersion":"GROUP/v1","kind":"ExternalSecret","metadata":{"name":"four"},"spec":{"refreshPolicy":"Never","secretStoreRef":{"name":"idle"},"data":[{"secretKey":"a","remoteRef":{"key":"k"}}]}}`),
		get("get status", object+"/status"),
		get("get version 0", object+"?resourceVersion=0"),
		get("get nothing", collection+"/none"),
		get("list version 0", collection+"?resourceVersion=0"),
		get("list a page", collection+"?limit=1&resourceVersion=0&resourceVersionMatch=NotOlderThan"),
		get("list by an unknown field", collection+"?fieldSelector=spec.nothing%3Dx"),
		get("list by a bad selector", collection+"?labelSelector=%3D%3D"),
		get("list with a bad token", collection+"?continue=nonsense&limit=1"),
		get("list of a bad version", collection+"?resourceVersion=x"),
		get("watch", collection+"?watch=1&resourceVersion=0&timeoutSeconds=1"),
		step{name: "table", method: "GET", path: object + "/status", accept: typeJSON + ";as=Table;g=meta.k8s.io;v=v1"},
		step{name: "table of a list", method: "GET", path: collection + "?resourceVersion=0", accept: typeJSON + ";as=Table;g=meta.k8s.io;v=v1"},
		step{name: "metadata", method: "GET", path: object, accept: typeJSON + ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1"},
		step{name: "metadata of a list", method: "GET", path: collection, accept: typeJSON + ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"},
		step{name: "protobuf or JSON", method: "GET", path: object + "/status", accept: "application/vnd.kubernetes.protobuf," + typeJSON},
		step{name: "protobuf alone", method: "GET", path: object + "/status", accept: "application/vnd.kubernetes.protobuf"},
		step{name: "yaml", method: "GET", path: object + "/status", accept: "application/yaml"},
		send("put without a version", "PUT", object, "application/yaml", oneChanged),
		send("put an old version", "PUT", object, typeJSON, `{"apiVersion":"GROUP/v1","kind":"ExternalSecret","metadata":{"name":"one","resourceVersion":"1"},"spec":{"secretStoreRef":{"name":"idle"},"data":[{"secretKey":"a","remoteRef":{"key":"k"}}]}}`),
		send("put another name", "PUT", object, typeJSON, `{"apiVersion":"GROUP/v1","kind":"ExternalSecret","metadata":{"name":"two"}}`),
		send("put nothing", "PUT", collection+"/none", typeJSON, `{"apiVersion":"GROUP/v1","kind":"ExternalSecret","metadata":{"name":"none","resourceVersion":"1"},"spec":{"secretStoreRef":{"name":"idle"},"data":[{"secretKey":"a","remoteRef":{"key":"k"}}]}}`),
		send("collection by put", "PUT", collection, typeJSON, `{}`),
		send("delete with a wrong uid", "DELETE", object, typeJSON, `{"preconditions":{"uid":"none"}}`),
		send("delete with a wrong version", "DELETE", object, typeJSON, `{"preconditions":{"resourceVersion":"1"}}`),
		send("delete in the foreground", "DELETE", object, typeJSON, `{"propagationPolicy":"Foreground"}`),
		send("delete collection", "DELETE", collection, typeJSON, `{}`),
		get("a subresource that is not there", collection+"/one/scale"),
		get("a resource that is not there", "/apis/GROUP/v1/namespaces/NS/nothings"),
	}},
	{"patches", []step{
		send("create", "POST", collection, "application/yaml", one),
		send("merge", "PATCH", object+"?fieldManager=m", typeMerge, `{"metadata":{"labels":{"a":"b"}},"spec":{"refreshInterval":"5m"}}`),
		send("merge null", "PATCH", object+"?fieldManager=m", typeMerge, `{"spec":{"refreshInterval":null}}`),
		send("merge nothing", "PATCH", object+"?fieldManager=m", typeMerge, `{}`),
		send("merge status on the main resource", "PATCH", object+"?fieldManager=m", typeMerge, `{"status":{"syncedResourceVersion":"x"}}`),
		send("merge an unknown field", "PATCH", object+"?fieldManager=m&fieldValidation=Strict", typeMerge, `{"spec":{"surprise":1}}`),
		send("merge a wrong type", "PATCH", object+"?fieldManager=m", typeMerge, `{"spec":{"data":"all"}}`),
		send("merge what is not JSON", "PATCH", object+"?fieldManager=m", typeMerge, `{"spec"`),
		send("merge into nothing", "PATCH", collection+"/none?fieldManager=m", typeMerge, `{}`),
		send("merge an old version", "PATCH", object+"?fieldManager=m", typeMerge, `{"metadata":{"resourceVersion":"1"}}`),
		send("merge another name", "PATCH", object+"?fieldManager=m", typeMerge, `{"metadata":{"name":"two"}}`),
		send("json", "PATCH", object+"?fieldManager=j", typePatch, `[{"op":"replace","path":"/spec/refreshInterval","value":"6m"},{"op":"test","path":"/metadata/name","value":"one"}]`),
		send("json with a test that fails", "PATCH", object+"?fieldManager=j", typePatch, `[{"op":"test","path":"/metadata/name","value":"two"}]`),
		send("json to a place that is not there", "PATCH", object+"?fieldManager=j", typePatch, `[{"op":"remove","path":"/spec/nothing"}]`),
		send("json that is none", "PATCH", object+"?fieldManager=j", typePatch, `{"op":"remove"}`),
		send("apply", "PATCH", object+"?fieldManager=a&force=true", typeApply, `{"apiVersion":"GROUP/v1","kind":"ExternalSecret","spec":{"refreshInterval":"8m"}}`),
		send("apply the same", "PATCH", object+"?fieldManager=a", typeApply, `{"apiVersion":"GROUP/v1","kind":"ExternalSecret","spec":{"refreshInterval":"8m"}}`),
		send("apply by another", "PATCH", object+"?fieldManager=b", typeApply, `{"apiVersion":"GROUP/v1","kind":"ExternalSecret","spec":{"refreshInterval":"9m"}}`),
		send("apply no more", "PATCH", object+"?fieldManager=a", typeApply, `{"apiVersion":"GROUP/v1","kind":"ExternalSecret"}`),
		send("apply an unknown field", "PATCH", object+"?fieldManager=a", typeApply, `{"apiVersion":"GROUP/v1","kind":"ExternalSecret","spec":{"surprise":1}}`),
		send("apply a wrong type", "PATCH", object+"?fieldManager=a", typeApply, `{"apiVersion":"GROUP/v1","kind":"ExternalSecret","spec":{"data":"all"}}`),
		send("apply without a manager", "PATCH", object, typeApply, `{"apiVersion":"GROUP/v1","kind":"ExternalSecret"}`),
		send("apply status", "PATCH", object+"/status?fieldManager=c", typeApply, `{"apiVersion":"GROUP/v1","kind":"ExternalSecret","spec":{"refreshInterval":"1s"},"status":{"syncedResourceVersion":"x"}}`),
		send("merge status", "PATCH", object+"/status?fieldManager=d", typeMerge, `{"metadata":{"labels":{"no":"no"},"annotations":{"no":"no"},"finalizers":["example.com/no"]},"spec":{"refreshInterval":"1s"},"status":{"refreshTime":"2026-01-02T03:04:05Z","conditions":[{"type":"Ready","status":"True"}]}}`),
		send("merge status against the schema", "PATCH", object+"/status?fieldManager=d", typeMerge, `{"status":{"conditions":"none"}}`),
		get("in the end", object+"/status"),
		send("hold", "PATCH", object+"?fieldManager=f", typeMerge, `{"metadata":{"finalizers":["example.com/hold"]}}`),
		send("delete what is held", "DELETE", object, "", ""),
		send("hold what is going", "PATCH", object+"?fieldManager=f", typeMerge, `{"metadata":{"finalizers":["example.com/hold","example.com/late"]}}`),
		send("change what is going", "PATCH", object+"?fieldManager=f", typeMerge, `{"spec":{"refreshInterval":"11m"}}`),
		send("let go", "PATCH", object+"?fieldManager=f", typeMerge, `{"metadata":{"finalizers":null}}`),
		get("gone", object+"/status"),
	}},
	{"leniency", []step{
		send("create", "POST", collection, "application/yaml", one),
		kubectl("patch without type", "patch", "externalsecrets.GROUP", "one", "-p", `{"spec":{"refreshInterval":"3m"}}`),
		send("strategic", "PATCH", object+"?fieldManager=s", typeSMP, `{"spec":{"refreshInterval":"7m"}}`),
		send("create without kind", "POST", collection, typeJSON, `{"metadata":{"name":"two"},"spec":{"secretStoreRef":{"name":"idle"},"data":[{"secretKey":"a","remoteRef":{"key":"k"}}]}}`),
		send("create with null", "POST", collection, typeJSON, `{"apiVersion":"GROUP/v1","kind":"ExternalSecret","metadata":{"name":"null"},"spec":{"secretStoreRef":{"name":"idle"},"target":null,"refreshInterval":null,"data":[{"secretKey":"a","remoteRef":{"key":"k"}}]}}`),
		send("create with an unknown field", "POST", collection+"?fieldValidation=Ignore", typeJSON, `{"apiVersion":"GROUP/v1","kind":"ExternalSecret","metadata":{"name":"ignored"},"spec":{"surprise":1,"secretStoreRef":{"name":"idle"},"data":[{"secretKey":"a","remoteRef":{"key":"k"}}]}}`),
		send("create with field of another case", "POST", collection+"?fieldValidation=Ignore", typeJSON, `{"apiVersion":"GROUP/v1","kind":"ExternalSecret","metadata":{"name":"case"},"spec":{"RefreshInterval":"5m","secretStoreRef":{"name":"idle"},"data":[{"secretKey":"a","remoteRef":{"key":"k"}}]}}`),
	}},
}
