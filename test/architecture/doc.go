// Package architecture has no code but its tests: they hold the rules by which
// the packages of this module may import each other.
package architecture
