//go:build race

package framework

// raceDetector tells that the tests were built with the race detector. The server
// is then too.
const raceDetector = true
