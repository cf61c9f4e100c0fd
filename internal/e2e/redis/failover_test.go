package redis_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/internal/redistest"
)

// Ten busy processes share 20 attempts in 5 s when Redis goes away: at first each knows
// only what it last heard of the others. By how much they exceed the limit is in the
// documentation of redislimit.
func TestRedisGoesAway(t *testing.T) {
	const limit, window = 20, 5 * time.Second
	for _, test := range []struct {
		name  string
		worst int
		do    func(t *testing.T, o *orders) (away func())
	}{
		{"killed master, Sentinel", 25, func(t *testing.T, o *orders) func() {
			master := redisServer(t)
			replica := redisServer(t, "--replicaof", strings.Replace(master.Addr, ":", " ", 1)).Client
			watch := sentinel(t, master)
			o.Redis, o.Master = watch.Addr, "fleet"
			eventually(t, "the replica follows", func() bool {
				return strings.Contains(replica.Info(t.Context(), "replication").Val(), "master_link_status:up")
			})
			eventually(t, "Sentinel knows of it", func() bool {
				return strings.Contains(watch.Client.Info(t.Context(), "sentinel").Val(), "slaves=1")
			})
			return master.Kill
		}},
		{"killed, and restarted empty", 34, func(t *testing.T, o *orders) func() {
			s := redisServer(t)
			o.Redis = s.Addr
			return func() {
				s.Kill()
				time.Sleep(window + time.Second) // what it forgets has left the log anyway
				redistest.StartAt(t, s.Addr)
			}
		}},
		{"stopped for a while", 25, func(t *testing.T, o *orders) func() {
			s := redisServer(t)
			o.Redis = s.Addr
			return func() {
				s.Signal(syscall.SIGSTOP)
				time.Sleep(4 * time.Second)
				s.Signal(syscall.SIGCONT)
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := orders{Limit: limit, Window: window, Replicas: 10, Callers: 5}
			away := test.do(t, &o)
			f := newFleet(t, 10, 0, o)
			time.Sleep(2*window + 300*time.Millisecond)
			gone := time.Now()
			away()
			time.Sleep(time.Until(gone.Add(7 * window / 2)))
			f.mu.Lock()
			defer f.mu.Unlock()
			before, after := f.busiest(time.Time{}, gone.Add(-window)), f.busiest(gone.Add(-window), time.Now())
			t.Logf("at most %d of %d in a window before, and %d from then on; %d in all, the longest way to the service %v",
				before, limit, after, len(f.seen), f.longest)
			if (before > limit || after > test.worst) && f.longest < 20*time.Millisecond {
				t.Errorf("at most %d in a window before, and %d from then on, want %d and %d", before, after, limit, test.worst)
			}
			if late := f.seen[len(f.seen)-1]; late.Before(gone.Add(3 * window / 2)) {
				t.Errorf("the last attempt was %v after Redis went away, want attempts all the time", late.Sub(gone))
			}
		})
	}
}

// sentinel watches a master, and makes its replica the master within two seconds or so.
func sentinel(t *testing.T, master redistest.Server) redistest.Server {
	t.Helper()
	addr := freePort(t)
	file := filepath.Join(t.TempDir(), "sentinel.conf")
	config := fmt.Sprintf(`port %s
bind 127.0.0.1
sentinel monitor fleet %s 1
sentinel down-after-milliseconds fleet 500
sentinel failover-timeout fleet 5000
`, strings.TrimPrefix(addr, "127.0.0.1:"), strings.Replace(master.Addr, ":", " ", 1))
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return redistest.StartProgram(t, addr, "redis-sentinel", file)
}
