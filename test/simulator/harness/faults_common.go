package harness

import (
	"strconv"
	"time"
)

// JSON answers with a status and a JSON body, which may also be "", "null",
// "[]" or no JSON at all.
func JSON(status int, body string) Fault {
	return Fault{
		Kind:   Answer,
		Status: status,
		Header: map[string]string{"Content-Type": "application/json"},
		Body:   body,
	}
}

// HTML answers with a status and a page, as proxies and captive portals do.
func HTML(status int) Fault {
	return Fault{
		Kind:   Answer,
		Status: status,
		Header: map[string]string{"Content-Type": "text/html; charset=utf-8"},
		Body:   "<!doctype html>\n<html><head><title>Gateway</title></head><body><h1>Something is in the way</h1></body></html>\n",
	}
}

// Throttled answers 429 with Retry-After in whole seconds.
func Throttled(retryAfter time.Duration, body string) Fault {
	fault := JSON(429, body)
	fault.Header["Retry-After"] = strconv.Itoa(int(retryAfter / time.Second))
	return fault
}

// Redirect answers 302 to an absolute address.
func Redirect(location string) Fault {
	return Fault{Kind: Answer, Status: 302, Header: map[string]string{"Location": location}}
}

// Slow sends the service's answer after d.
func Slow(d time.Duration) Fault { return Fault{Delay: d} }
