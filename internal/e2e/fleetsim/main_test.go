package fleetsim

import (
	"context"
	"runtime/debug"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestMain(m *testing.M) {
	redis.SetLogger(quiet{}) // Redis goes away here on purpose
	debug.SetGCPercent(400)  // a simulation is short, and makes much garbage
	m.Run()
}

type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}
