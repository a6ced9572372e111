// Package manifests has no code but its tests: they check that the manifests of
// artifacts/ build, decode without an unknown field, and agree with the code and
// with each other.
package manifests
