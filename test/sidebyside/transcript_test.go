package sidebyside

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"github.com/live-secrets/external-secrets-apiserver/test/e2e/framework"
)

// step is one request of a script: a run of kubectl, or a request over HTTP. In
// all of its texts GROUP stands for the group that is asked and NS for the
// namespace of the script.
type step struct {
	name string

	kubectl []string
	stdin   string

	method, path string
	contentType  string
	accept       string
	body         string
}

// script is steps that build on each other, in a namespace of their own.
type script struct {
	name  string
	steps []step
}

// transcripts are what the steps of a script came to, by name.
func (s script) run(t *testing.T, group string) map[string]string {
	t.Helper()
	namespace := env.Namespace(t)
	fill := strings.NewReplacer("GROUP", group, "NS", namespace)
	k := env.Kubectl(t).In(namespace)
	_, err := env.Host(t).CoreV1().Secrets(namespace).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "token"}, StringData: map[string]string{"token": "a-token"},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	k.Apply(fill.Replace(idleStore))

	transcripts := map[string]string{}
	for _, step := range s.steps {
		var transcript string
		if step.kubectl != nil {
			args := strings.Split(fill.Replace(strings.Join(step.kubectl, "\x00")), "\x00")
			stdout, stderr, err := k.Do(fill.Replace(step.stdin), args...)
			transcript = fmt.Sprintf("%s%s(failed: %t)", stdout, stderr, err != nil)
		} else {
			transcript = step.request(t, fill)
			settle(t, group, namespace)
		}
		require.NotContains(t, transcripts, step.name)
		transcripts[step.name] = normalize(transcript, group, namespace)
	}
	return transcripts
}

func (s step) request(t *testing.T, fill *strings.Replacer) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), s.method, env.ControlPlane.APIServerURL()+fill.Replace(s.path), strings.NewReader(fill.Replace(s.body)))
	require.NoError(t, err)
	if s.accept != "" {
		request.Header.Set("Accept", s.accept)
	}
	if s.contentType != "" {
		request.Header.Set("Content-Type", s.contentType)
	}
	client, err := rest.HTTPClientFor(env.ControlPlane.RESTConfig())
	require.NoError(t, err)
	response, err := client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return fmt.Sprintf("%d %s\n%s", response.StatusCode, response.Header.Get("Content-Type"), indented(body))
}

// settle waits until the watch cache has what was written, since many a request is answered from it as it is, and until the garbage
// collector has done with what was deleted in the foreground.
func settle(t *testing.T, group, namespace string) {
	t.Helper()
	client, err := metadata.NewForConfig(env.ControlPlane.RESTConfig())
	require.NoError(t, err)
	versions := func(ctx context.Context, at string) (map[string]string, error) {
		list, err := client.Resource(schema.GroupVersionResource{Group: group, Version: "v1", Resource: "externalsecrets"}).
			Namespace(namespace).List(ctx, metav1.ListOptions{ResourceVersion: at})
		if err != nil {
			return nil, err
		}
		found := map[string]string{}
		for _, item := range list.Items {
			if slices.Contains(item.Finalizers, metav1.FinalizerDeleteDependents) {
				return nil, fmt.Errorf("%s is not collected yet", item.Name)
			}
			found[item.Name] = item.ResourceVersion
		}
		return found, nil
	}
	framework.Eventually(t, "the watch cache is up to date", func(ctx context.Context) error {
		stored, err := versions(ctx, "")
		if err != nil {
			return err
		}
		cached, err := versions(ctx, "0")
		if err == nil && !maps.Equal(stored, cached) {
			err = fmt.Errorf("it has %v, and etcd %v", cached, stored)
		}
		return err
	})
}

// indented is JSON, or a stream of it, with sorted fields; other bodies stay.
func indented(body []byte) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	decoder := json.NewDecoder(bytes.NewReader(body))
	for decoder.More() {
		var document any
		if decoder.Decode(&document) != nil {
			return string(body)
		}
		sortManagers(document)
		if encoder.Encode(document) != nil {
			return string(body)
		}
	}
	return out.String()
}

// sortManagers puts managedFields into an order that does not go by the second in
// which somebody wrote.
func sortManagers(node any) {
	switch n := node.(type) {
	case map[string]any:
		if managers, ok := n["managedFields"].([]any); ok {
			slices.SortFunc(managers, func(a, b any) int { return strings.Compare(managerOf(a), managerOf(b)) })
		}
		for _, child := range n {
			sortManagers(child)
		}
	case []any:
		for _, child := range n {
			sortManagers(child)
		}
	}
}

func managerOf(entry any) string {
	fields, _ := entry.(map[string]any)
	return fmt.Sprint(fields["manager"], fields["operation"], fields["subresource"])
}

var replacements = []struct {
	found *regexp.Regexp
	with  string
}{
	{regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`), "UID"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`), "TIME"},
	{regexp.MustCompile(`(resourceVersion"?: )"\d+"`), "${1}VERSION"},
	{regexp.MustCompile(`(resourceVersion\\+":\\+")\d+`), "${1}VERSION"},
	{regexp.MustCompile(`record \(\d+\)`), "record (VERSION)"},
	{regexp.MustCompile(`("continue": )"[^"]+"`), "${1}TOKEN"},
	{regexp.MustCompile(`\b(\d+m)?\d+s\b`), "AGE"},
	// Padding goes by the widest cell.
	{regexp.MustCompile(`(\S) {2,}`), "${1}   "},
}

// normalize removes what two runs of a script cannot have in common.
func normalize(transcript, group, namespace string) string {
	transcript = strings.ReplaceAll(transcript, group, "GROUP")
	transcript = strings.ReplaceAll(transcript, namespace, "NS")
	for _, r := range replacements {
		transcript = r.found.ReplaceAllString(transcript, r.with)
	}
	var lines []string
	for line := range strings.SplitSeq(transcript, "\n") {
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}
