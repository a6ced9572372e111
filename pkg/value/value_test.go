package value_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/klog/v2"
	"k8s.io/utils/dump"
	"sigs.k8s.io/yaml"

	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

const canary = "canary-3f1c"

// holders are the ways in which a Value lies in other data.
func holders() map[string]any {
	v := value.FromString(canary)
	type exported struct{ Secret value.Value }
	type hidden struct{ secret value.Value }
	type deep struct {
		list []hidden
		byID map[string]*hidden
		any  any
	}
	return map[string]any{
		"value":            v,
		"pointer":          &v,
		"exported field":   exported{v},
		"unexported field": hidden{v},
		"pointer to field": &hidden{v},
		"slice":            []value.Value{v},
		"map":              map[string]value.Value{"k": v},
		"nested":           deep{[]hidden{{v}}, map[string]*hidden{"k": {v}}, v},
		"error":            fmt.Errorf("wrapped: %v: %w", v, errors.Join(fmt.Errorf("%+v", hidden{v}))),
	}
}

// forms are the canary and what encodings make of it.
func requireNoCanary(t *testing.T, text string) {
	t.Helper()
	for _, form := range []string{
		canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary), fmt.Sprintf("%d", []byte(canary)),
		fmt.Sprintf("%v", []byte(canary)), "Y2FuYXJ5LTNmMWM", fmt.Sprintf("%#v", []byte(canary)),
	} {
		require.NotContains(t, text, form)
	}
}

func TestNothingPrintsAValue(t *testing.T) {
	for name, holder := range holders() {
		t.Run(name, func(t *testing.T) {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "% x", "%o", "%b", "%c", "%U", "%t", "%T", "%p", "%+q", "%10.3s"} {
				requireNoCanary(t, fmt.Sprintf(verb, holder))
			}
			requireNoCanary(t, fmt.Sprint(holder))
			requireNoCanary(t, fmt.Sprintln(holder))
			requireNoCanary(t, dump.Pretty(holder))
			requireNoCanary(t, dump.OneLine(holder))
		})
	}
}

func TestNothingEncodesAValue(t *testing.T) {
	for name, holder := range holders() {
		t.Run(name, func(t *testing.T) {
			// An encoding may refuse; what it wrote until then counts all the same.
			text, err := json.Marshal(holder)
			requireNoCanary(t, string(text)+fmt.Sprint(err))
			text, err = yaml.Marshal(holder)
			requireNoCanary(t, string(text)+fmt.Sprint(err))
			text, err = xml.Marshal(holder)
			requireNoCanary(t, string(text)+fmt.Sprint(err))
			var buffer bytes.Buffer
			err = gob.NewEncoder(&buffer).Encode(holder)
			requireNoCanary(t, buffer.String()+fmt.Sprint(err))
		})
	}
}

func TestNoLogHoldsAValue(t *testing.T) {
	for name, holder := range holders() {
		t.Run(name, func(t *testing.T) {
			var buffer bytes.Buffer
			for _, handler := range []slog.Handler{slog.NewTextHandler(&buffer, nil), slog.NewJSONHandler(&buffer, nil)} {
				slog.New(handler).Info("seen", "holder", holder, slog.Any("again", holder))
			}
			requireNoCanary(t, buffer.String())
			requireNoCanary(t, fmt.Sprint(klog.KObj(nil), klog.Format(holder)))
		})
	}
}

func TestContent(t *testing.T) {
	v := value.FromString(canary)
	require.Equal(t, canary, string(v.Bytes()))
	require.Equal(t, len(canary), v.Len())
	require.True(t, v.Equal(value.New([]byte(canary))))
	require.False(t, v.Equal(value.FromString(strings.ToUpper(canary))))
	require.False(t, v.Equal(value.Value{}))

	var zero value.Value
	require.Nil(t, zero.Bytes())
	require.Zero(t, zero.Len())
	require.True(t, zero.Equal(value.FromString("")))
}
