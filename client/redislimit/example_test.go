package redislimit_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/redislimit"
)

// Every replica of a service makes its limiter like this, and all of them together make
// at most 100 attempts a minute.
func ExampleNew() {
	rdb := redis.NewClient(&redis.Options{Addr: os.Getenv("REDIS_ADDR")})
	defer rdb.Close()

	// The name stays when the API key is rotated.
	limiter := redislimit.New(rdb, "workos-production", 100, time.Minute,
		redislimit.WithReplicas(10), // without Redis each takes a tenth
		redislimit.WithLogger(slog.Default()))
	portal, err := client.NewFromEnv(client.WithLimiter(limiter))
	if err != nil {
		slog.Error("no client", "error", err)
		return
	}
	_ = portal // as without a limiter
}

// A caller whose deadline comes before its turn learns it at once.
func ExampleDeadlineError() {
	rdb := redis.NewClient(&redis.Options{Addr: os.Getenv("REDIS_ADDR")})
	defer rdb.Close()
	limiter := redislimit.New(rdb, "reports", 5, time.Minute)

	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	var late *redislimit.DeadlineError
	if err := limiter.Wait(ctx); errors.As(err, &late) {
		fmt.Println("try again in", late.Delay)
	}
}

// Where being refused is worse than not asking.
func ExampleWithFallback() {
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"}) // nothing listens there
	defer rdb.Close()
	limiter := redislimit.New(rdb, "reports", 5, time.Minute,
		redislimit.WithFallback(redislimit.FailClosed))

	err := limiter.Wait(context.Background())
	fmt.Println(errors.Is(err, redislimit.ErrUnavailable), limiter.State().Degraded)
	// Output: true true
}
