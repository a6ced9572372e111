package infisical

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// maxEvent caps a line of a stream, and the data of an event: some thousand changed secrets.
const maxEvent = 1 << 20

var (
	errEventTooLong = errors.New("an event is too long")
	errTold         = errors.New("the server said that the stream ends")
)

// follow reads server-sent events until the stream ends, and returns why: never nil.
func follow(stream io.Reader, heard func(provider.Heard)) error {
	lines := bufio.NewScanner(stream)
	lines.Buffer(make([]byte, 0, 4096), maxEvent)
	var name string
	var data []byte
	for lines.Scan() {
		field, text, _ := bytes.Cut(lines.Bytes(), []byte(":"))
		text = bytes.TrimPrefix(text, []byte(" "))
		switch {
		case len(lines.Bytes()) == 0 && name == "error":
			return errTold
		case len(lines.Bytes()) == 0:
			for _, h := range changes(data) {
				heard(h)
			}
			name, data = "", data[:0]
		case string(field) == "event":
			name = string(text)
		case string(field) == "data":
			if data = append(append(data, text...), '\n'); len(data) > maxEvent {
				return errEventTooLong
			}
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return errEventTooLong
	case err != nil:
		return err
	}
	return io.EOF
}

// changes are what an event tells of, each once. Servers name the changed keys in more than one way, and differ in whether
// the payload is a list; where it is said is the same everywhere. An event that cannot be read may be about anything. What
// is no JSON object is a heartbeat.
func changes(data []byte) []provider.Heard {
	if data = bytes.TrimSpace(data); len(data) == 0 || data[0] != '{' {
		return nil
	}
	type where struct {
		Environment string `json:"environment"`
		SecretPath  string `json:"secretPath"`
	}
	var event struct {
		Data struct {
			Payload json.RawMessage `json:"payload"`
		} `json:"data"`
	}
	anything := []provider.Heard{{}}
	if json.Unmarshal(data, &event) != nil {
		return anything
	}
	var places []where
	if json.Unmarshal(event.Data.Payload, &places) != nil {
		var one where
		if json.Unmarshal(event.Data.Payload, &one) != nil {
			return anything
		}
		places = []where{one}
	}
	var all []provider.Heard
	told := map[provider.Heard]bool{}
	for _, w := range places {
		h := provider.Heard{Part: w.Environment, Path: w.SecretPath}
		if !told[h] {
			told[h] = true
			all = append(all, h)
		}
	}
	if len(all) == 0 {
		return anything
	}
	return all
}

// ended says in our words why a stream ended.
func ended(ctx context.Context, err error) *provider.Error {
	switch {
	case errors.Is(err, errTold):
		return provider.Errorf(provider.Unavailable, "Infisical ended the stream with an error")
	case errors.Is(err, errEventTooLong):
		return provider.Errorf(provider.Unavailable, "an event is larger than %d MiB", maxEvent>>20)
	case ctx.Err() != nil:
		return &provider.Error{Reason: provider.Unavailable, Message: "the stream was given up, or silent for too long", Cause: ctx.Err()}
	}
	return provider.Errorf(provider.Unavailable, "the stream ended")
}
