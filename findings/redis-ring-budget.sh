#!/bin/sh
# A rate limit is kept by redis_rate on a go-redis Ring. When the shard that holds the
# budget goes away, the ring moves its keys to the other shard, where nothing is spent
# yet: after a few errors the whole budget is given out a second time.
. "$(dirname "$0")/form"
go_modules github.com/go-redis/redis_rate/v10@v10.0.1 github.com/redis/go-redis/v9@v9.23.0 github.com/alicebob/miniredis/v2@v2.40.0
cat >main.go <<'END'
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
)

func main() {
	ctx := context.Background()
	shards := []*miniredis.Miniredis{miniredis.NewMiniRedis(), miniredis.NewMiniRedis()}
	addrs := map[string]string{}
	for i, shard := range shards {
		if err := shard.Start(); err != nil {
			panic(err)
		}
		addrs[fmt.Sprint(i)] = shard.Addr()
	}
	ring := redis.NewRing(&redis.RingOptions{Addrs: addrs})
	limiter := redis_rate.NewLimiter(ring)
	allowed, errors := 0, 0
	ask := func(n int) {
		for range n {
			r, err := limiter.Allow(ctx, "portal", redis_rate.Limit{Rate: 10, Burst: 10, Period: time.Hour})
			if err != nil {
				errors++
			} else {
				allowed += r.Allowed
			}
		}
	}
	ask(20)
	fmt.Printf("%d of 10 an hour allowed", allowed)
	for _, shard := range shards {
		if len(shard.Keys()) > 0 {
			shard.Close()
		}
	}
	ask(3)
	for ring.Len() > 1 { // until the ring has noticed
		time.Sleep(100 * time.Millisecond)
	}
	ask(20)
	fmt.Printf(", %d after a shard is gone; an error was seen: %t\n", allowed, errors > 0)
}
END
report '10 of 10 an hour allowed, 10 after a shard is gone; an error was seen: true' \
	"$(go run . 2>log)" '10 of 10 an hour allowed, 20 after a shard is gone; an error was seen: true'
