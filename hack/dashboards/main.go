// Command dashboards writes the Grafana dashboard of the chart: what it shows is in panels.go.
//
//	go run ./hack/dashboards    # in the root of the repository
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
)

// file is where the chart looks for dashboards.
const file = "artifacts/chart/external-secrets-apiserver/dashboards/external-secrets-apiserver.json"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "dashboards:", err)
		os.Exit(1)
	}
}

func run() error {
	content, err := render()
	if err != nil {
		return err
	}
	return os.WriteFile(file, content, 0o644)
}

func render() ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	// Comparisons stay readable.
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(newDashboard(rows)); err != nil {
		return nil, fmt.Errorf("encode the dashboard: %w", err)
	}
	return out.Bytes(), nil
}
