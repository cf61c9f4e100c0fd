package redislimit_test

import (
	"context"
	"log"
	"os"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"
)

// TestMain makes the test binary the replica of a fleet where it is told so.
func TestMain(m *testing.M) {
	if os.Getenv(replicaEnv) != "" {
		if err := replica(); err != nil {
			log.Fatal(err)
		}
		return
	}
	redis.SetLogger(quiet{}) // Redis goes away here on purpose
	goleak.VerifyTestMain(m)
}

type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}
