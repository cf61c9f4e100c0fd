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

// Every replica of a service makes its limiter so, and all of them together stay
// within 100 attempts a minute.
func ExampleNew() {
	rdb := redis.NewClient(&redis.Options{Addr: os.Getenv("REDIS_ADDR")})
	defer rdb.Close()

	apiKey := os.Getenv("WORKOS_API_KEY")
	limiter := redislimit.New(rdb, apiKey, 100, time.Minute, // of the key only a hash is stored
		redislimit.WithReplicas(10), // without Redis each takes a tenth
		redislimit.WithLogger(slog.Default()))
	portal, err := client.New(apiKey, client.WithLimiter(limiter))
	if err != nil {
		slog.Error("no client", "error", err)
		return
	}
	_ = portal // as without a limiter
}

// A caller with little time learns at once that it is not enough.
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
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"}) // nobody is there
	defer rdb.Close()
	limiter := redislimit.New(rdb, "reports", 5, time.Minute,
		redislimit.WithFallback(redislimit.FailClosed),
		redislimit.WithTimeout(100*time.Millisecond))

	err := limiter.Wait(context.Background())
	fmt.Println(errors.Is(err, redislimit.ErrUnavailable), limiter.State().Degraded)
	// Output: true true
}
