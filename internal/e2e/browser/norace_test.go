//go:build !race

package browser

const raceFlag = "-race=false"
