package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	esv1 "github.com/external-secrets/external-secrets/apis/externalsecrets/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubeyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// kind is one of the three kinds, as its Go types.
type kind struct {
	object func() client.Object
	list   func() client.ObjectList
}

func kindOf(name string) (kind, error) {
	switch name {
	case "ExternalSecret":
		return kind{
			func() client.Object { return &esv1.ExternalSecret{} },
			func() client.ObjectList { return &esv1.ExternalSecretList{} },
		}, nil
	case "SecretStore":
		return kind{
			func() client.Object { return &esv1.SecretStore{} },
			func() client.ObjectList { return &esv1.SecretStoreList{} },
		}, nil
	case "ClusterSecretStore":
		return kind{
			func() client.Object { return &esv1.ClusterSecretStore{} },
			func() client.ObjectList { return &esv1.ClusterSecretStoreList{} },
		}, nil
	}
	return kind{}, fmt.Errorf("no type for the kind %q", name)
}

// decode reads a stream of YAML documents into the types of their kinds.
func decode(manifests io.Reader) ([]client.Object, error) {
	reader := kubeyaml.NewYAMLReader(bufio.NewReader(manifests))
	var objects []client.Object
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, err
		}
		var meta metav1.TypeMeta
		if err := yaml.Unmarshal(document, &meta); err != nil {
			return nil, err
		}
		if meta.Kind == "" {
			continue
		}
		kind, err := kindOf(meta.Kind)
		if err != nil {
			return nil, err
		}
		object := kind.object()
		// Strict: a manifest with a field that the types do not have would prove nothing about it.
		if err := yaml.UnmarshalStrict(document, object); err != nil {
			return nil, fmt.Errorf("%s: %w", meta.Kind, err)
		}
		objects = append(objects, object)
	}
}
