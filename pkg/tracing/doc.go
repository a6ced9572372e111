// Package tracing makes the spans of this project's own.
//
// Nothing is handed around for it but a context: a span begins where there is one already that is recorded, and costs nothing
// elsewhere. Traces begin with a request, which the API server's own filter sees to, and with what nobody asked for: a sync and
// a poll, which Root is for.
//
// What a span may carry is in names.go, and there alone: names and UIDs of objects, stores, kinds of providers, routes without
// what is put into them, counts, and words of this project's own. A span has no method that takes any text: titles and keys of
// items, expressions, messages of errors and all that is secret have no way into a trace.
package tracing
