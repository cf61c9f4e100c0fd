//go:build !unix

package main

import "time"

const timeUnit = "time"

// cpuTime is the clock on the wall where a process's own is not to be had.
func cpuTime() time.Duration { return wallTime() }
