package redis_test

import (
	"context"
	"log"
	"os"
	"testing"

	"github.com/redis/go-redis/v9"
)

// TestMain makes this program one process of a fleet if the environment has orders.
func TestMain(m *testing.M) {
	redis.SetLogger(quiet{}) // Redis goes away here on purpose
	if orders := os.Getenv(ordersEnv); orders != "" {
		if err := obey(orders); err != nil {
			log.Fatal(err)
		}
		return
	}
	os.Exit(m.Run())
}

type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}
