//go:build !race

package framework

const raceDetector = false
