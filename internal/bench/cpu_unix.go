//go:build unix

package main

import (
	"syscall"
	"time"
)

const timeUnit = "processor time"

// cpuTime is the processor time of this process, collector included. Beside other
// programs on the same machine it is steadier than the clock on the wall.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return wallTime()
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
