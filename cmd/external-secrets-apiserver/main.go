// Command external-secrets-apiserver serves external-secrets.io/v1 as an aggregated Kubernetes API server.
package main

import (
	"os"

	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/component-base/cli"

	"github.com/live-secrets/external-secrets-apiserver/cmd/external-secrets-apiserver/app"
)

func main() {
	os.Exit(cli.Run(app.NewCommand(genericapiserver.SetupSignalContext())))
}
