package ref

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// content is what an object holds, by key. It is immutable.
type content map[string]value.Value

func contentOfSecret(s *corev1.Secret) content {
	c := make(content, len(s.Data))
	for key, data := range s.Data {
		c[key] = value.New(data)
	}
	return c
}

func contentOfConfigMap(m *corev1.ConfigMap) content {
	c := make(content, len(m.Data)+len(m.BinaryData))
	for key, text := range m.Data {
		c[key] = value.FromString(text)
	}
	for key, data := range m.BinaryData {
		c[key] = value.New(data)
	}
	return c
}

// keyUID is the one key of a ServiceAccount's content.
const keyUID = "uid"

func contentOfServiceAccount(a *corev1.ServiceAccount) content {
	return content{keyUID: value.FromString(string(a.UID))}
}

// size is about how many bytes the content takes.
func (c content) size() int {
	const perKey = 128
	n := perKey
	for key, v := range c {
		n += perKey + len(key) + v.Len()
	}
	return n
}
