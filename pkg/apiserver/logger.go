package apiserver

import (
	"log/slog"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
)

// Logger is what the server's parts log with: klog, in the format that --logging-format says. docs/operations/logs-and-traces.md
// has the lines and their keys.
func Logger() *slog.Logger { return slog.New(logr.ToSlogHandler(klog.Background())) }
