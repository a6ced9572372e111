// Package tree has the fields of objects whose Go types are not known: paths into them, trees that are put together part by
// part, and what becomes of an object when a tree is laid over it.
//
// A Tree holds what may be secret. As with package value, fmt, json and slog cannot look into it, and no error of this
// package holds any of it.
package tree
