// Package resolve turns the spec of an ExternalSecret and what its stores show into keys and values.
//
// It is pure: equal specs and equal Inputs have equal results, in every replica and for every reader. It does no I/O and
// keeps nothing.
package resolve
