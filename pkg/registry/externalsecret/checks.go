package externalsecret

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// check asks about a spec that was just written, for the user of the request. Its error keeps the spec out.
type check func(ctx context.Context, es *v1.ExternalSecret) error

// onCreate is validate, and check after it.
func (c check) onCreate(validate rest.ValidateObjectFunc) rest.ValidateObjectFunc {
	return func(ctx context.Context, obj runtime.Object) error {
		if validate != nil {
			if err := validate(ctx, obj); err != nil {
				return err
			}
		}
		es, ok := obj.(*v1.ExternalSecret)
		if !ok {
			return fmt.Errorf("check the rights of an author: %T is not an ExternalSecret", obj)
		}
		return c(ctx, es)
	}
}

// onUpdate is validate, and check after it where the spec changes.
func (c check) onUpdate(validate rest.ValidateObjectUpdateFunc) rest.ValidateObjectUpdateFunc {
	return func(ctx context.Context, obj, old runtime.Object) error {
		if validate != nil {
			if err := validate(ctx, obj, old); err != nil {
				return err
			}
		}
		es, isNew := obj.(*v1.ExternalSecret)
		before, isOld := old.(*v1.ExternalSecret)
		if !isNew || !isOld {
			return fmt.Errorf("check the rights of an author: %T and %T are not ExternalSecrets", obj, old)
		}
		if es.Generation == before.Generation {
			return nil
		}
		return c(ctx, es)
	}
}
