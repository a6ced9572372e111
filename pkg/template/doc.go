// Package template renders the target of an ExternalSecret: Go's text/template with sprig's functions and those that ESO
// adds (engine version v2), into the shape of a Secret.
//
// Templates are their users' programs, and values are secret. So every render keeps to a Budget, which is built into the
// parsed template and around every function, and no error holds a value or the engine's own text, which may hold one.
// Nothing here does I/O but for the time zones that dateInZone names.
package template
