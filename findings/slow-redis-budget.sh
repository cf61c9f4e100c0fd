#!/bin/sh
# Redis does not answer for a while. go-redis takes a timeout for a reason to send the command
# again, also a script that counts. redis_rate's one call fails for its caller, and when Redis
# is back, four of the budget are spent. So a pause of Redis uses up budgets of calls that were
# never allowed.
. "$(dirname "$0")/form"
command -v redis-server >/dev/null || { echo 'needs a redis-server in the path' >&2; exit 2; }
echo "with:     $(redis-server --version | cut -d' ' -f1-3)"
go_modules github.com/go-redis/redis_rate/v10@v10.0.1 github.com/redis/go-redis/v9@v9.23.0
cat >main.go <<'END'
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
)

func main() {
	ctx := context.Background()
	folder, _ := os.Getwd()
	socket := filepath.Join(folder, "socket")
	server := exec.Command("redis-server", "--port", "0", "--unixsocket", socket, "--save", "")
	if err := server.Start(); err != nil {
		panic(err)
	}
	defer server.Process.Kill()
	c := redis.NewClient(&redis.Options{Network: "unix", Addr: socket, ReadTimeout: 500 * time.Millisecond})
	for c.Ping(ctx).Err() != nil {
		time.Sleep(100 * time.Millisecond)
	}
	var pool []*redis.Conn // connections that are open already, as a service with some traffic has them
	for range 10 {
		conn := c.Conn()
		conn.Ping(ctx)
		pool = append(pool, conn)
	}
	for _, conn := range pool {
		_ = conn.Close()
	}
	limiter := redis_rate.NewLimiter(c)
	limit := redis_rate.Limit{Rate: 10, Burst: 10, Period: time.Hour}
	for _, name := range []string{"awake", "paused"} {
		if name == "paused" {
			_ = server.Process.Signal(syscall.SIGSTOP)
		}
		_, err := limiter.Allow(ctx, name, limit)
		_ = server.Process.Signal(syscall.SIGCONT)
		time.Sleep(time.Second)
		left, e := limiter.AllowN(ctx, name, limit, 0)
		if e != nil {
			panic(e)
		}
		if name == "paused" {
			fmt.Print("; ")
		}
		fmt.Printf("Redis %s: the call failed: %t, %d of 10 left", name, err != nil, left.Remaining)
	}
	fmt.Println()
}
END
report 'Redis awake: the call failed: false, 9 of 10 left; Redis paused: the call failed: true, 9 of 10 left (or 10)' \
	"$(go run . 2>log)" \
	'Redis awake: the call failed: false, 9 of 10 left; Redis paused: the call failed: true, 6 of 10 left'
