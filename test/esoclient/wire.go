package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// wire keeps the bodies of the last request, as they went over the network.
type wire struct {
	next           http.RoundTripper
	sent, received json.RawMessage
}

// RoundTrip implements http.RoundTripper. The body of a watch never ends: it is left to whoever reads it.
func (w *wire) RoundTrip(request *http.Request) (*http.Response, error) {
	w.sent, w.received = nil, nil
	if request.Body != nil {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return nil, err
		}
		w.sent, request.Body = body, io.NopCloser(bytes.NewReader(body))
	}
	response, err := w.next.RoundTrip(request)
	if err != nil || request.URL.Query().Has("watch") || !strings.HasPrefix(response.Header.Get("Content-Type"), "application/json") {
		return response, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	w.received, response.Body = body, io.NopCloser(bytes.NewReader(body))
	return response, nil
}
