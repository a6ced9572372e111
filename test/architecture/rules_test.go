package architecture

// layers are the rooms of the house from the ground up. A package belongs to the
// room with the longest path that it lies in, may import its own room and the
// rooms of lower layers, and never a room beside it.
var layers = [][]string{
	{"pkg/value", "pkg/pattern", "pkg/recurrence", "pkg/privilege", "pkg/tree", "pkg/readmode", "pkg/audit", "pkg/embeddedetcd", "pkg/servingcert", "pkg/egress", "pkg/coredump", "pkg/pulse", "pkg/etcdclient", "pkg/tracing", "pkg/otlp", "pkg/stack"},
	{"pkg/apis", "pkg/headroom", "pkg/snapshot"},
	{"pkg/decoding", "pkg/generated"},
	{"pkg/provider"},
	{"pkg/provider/wire"},
	{"pkg/provider/onepassword", "pkg/provider/infisical"},
	{"pkg/provider/builtin", "pkg/template"},
	{"pkg/source", "pkg/resolve", "pkg/host"},
	{"pkg/outcome", "pkg/metrics", "pkg/fence"},
	{"pkg/registry", "pkg/materializer", "pkg/uninstall"},
	{"pkg/apiserver"},
	{"cmd"},
	{"test"},
	{"hack"},
}

// importers names what only some rooms may import, whatever their layer: the
// prefix of an import path, relative to this module where it is in it.
var importers = []struct {
	path  string
	rooms []string
	why   string
}{
	{"pkg/provider/onepassword", []string{"pkg/provider/builtin"}, "a provider is known by its contract"},
	{"pkg/provider/infisical", []string{"pkg/provider/builtin"}, "a provider is known by its contract"},
	{"pkg/provider/builtin", []string{"pkg/apiserver", "cmd", "test"}, "a provider is known by its contract"},
	{"github.com/1Password/connect-sdk-go", []string{"pkg/provider/onepassword"}, "an SDK stays behind its provider"},
	{"github.com/infisical/go-sdk", []string{"pkg/provider/infisical"}, "an SDK stays behind its provider"},
	{"k8s.io/kubernetes", nil, "it is no library"},
}

// kubernetes names the only packages of Kubernetes that a room may import: a
// provider knows nothing of clusters, and what is pure has no client.
var kubernetes = map[string][]string{
	"pkg/value":                nil,
	"pkg/tracing":              nil,
	"pkg/pattern":              nil,
	"pkg/recurrence":           nil,
	"pkg/privilege":            {"k8s.io/api"},
	"pkg/tree":                 nil,
	"pkg/egress":               nil,
	"pkg/coredump":             nil,
	"pkg/pulse":                nil,
	"pkg/decoding":             nil,
	"pkg/provider":             {"k8s.io/api", "k8s.io/apimachinery"},
	"pkg/provider/wire":        {"k8s.io/api", "k8s.io/apimachinery"},
	"pkg/provider/onepassword": {"k8s.io/api", "k8s.io/apimachinery"},
	"pkg/provider/infisical":   {"k8s.io/api", "k8s.io/apimachinery"},
	"pkg/provider/builtin":     {"k8s.io/api", "k8s.io/apimachinery"},
	"pkg/template":             {"k8s.io/api", "k8s.io/apimachinery", "k8s.io/utils", "sigs.k8s.io/yaml"},
	"pkg/resolve":              {"k8s.io/api", "k8s.io/apimachinery", "k8s.io/utils", "sigs.k8s.io/yaml"},
	"pkg/source":               {"k8s.io/api", "k8s.io/apimachinery", "k8s.io/utils"},
}

// emptyNames are names of packages that say nothing about what is in them.
var emptyNames = []string{"util", "utils", "common", "helper", "helpers", "misc", "shared", "base"}
