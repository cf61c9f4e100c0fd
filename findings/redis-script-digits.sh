#!/bin/sh
# A script keeps a log of requests for a sliding window: a member of a sorted set for
# each, named after its microsecond. Redis's Lua writes 14 digits of such a number, so five
# requests become one member. miniredis keeps all digits, and tests on it count five.
. "$(dirname "$0")/form"
command -v redis-server >/dev/null || { echo 'needs a redis-server in the path' >&2; exit 2; }
echo "with:     $(redis-server --version | cut -d' ' -f1-3)"
go_modules github.com/redis/go-redis/v9@v9.23.0 github.com/alicebob/miniredis/v2@v2.40.0
cat >main.go <<'END'
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

var log = redis.NewScript(`
local now = tonumber(ARGV[1])
redis.call('ZADD', KEYS[1], now, 'request:' .. now)
return redis.call('ZCARD', KEYS[1])`)

func count(name string, c *redis.Client) {
	ctx := context.Background()
	for range 50 {
		if c.Ping(ctx).Err() == nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	n := 0
	for i := range 5 {
		n, _ = log.Run(ctx, c, []string{"requests"}, 1795882888478210+i).Int()
	}
	fmt.Printf("%s counts %d", name, n)
}

func main() {
	mini := miniredis.NewMiniRedis()
	if err := mini.Start(); err != nil {
		panic(err)
	}
	count("miniredis", redis.NewClient(&redis.Options{Addr: mini.Addr()}))
	fmt.Print(", ")
	folder, _ := os.Getwd()
	socket := filepath.Join(folder, "socket")
	server := exec.Command("redis-server", "--port", "0", "--unixsocket", socket, "--save", "")
	if err := server.Start(); err != nil {
		panic(err)
	}
	defer server.Process.Kill()
	count("Redis", redis.NewClient(&redis.Options{Network: "unix", Addr: socket}))
	fmt.Println()
}
END
report 'miniredis counts 5, Redis counts 5' "$(go run . 2>log)" 'miniredis counts 5, Redis counts 1'
