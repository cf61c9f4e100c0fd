//go:build race

package browser

// raceFlag builds the programs as the tests were built.
const raceFlag = "-race=true"
