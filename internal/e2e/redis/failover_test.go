package redis_test

import (
	"strings"
	"syscall"
	"testing"
	"time"
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
			replica := redisServer(t, "--replicaof", strings.Replace(master.addr, ":", " ", 1)).rdb
			watch := sentinel(t, master)
			o.Redis, o.Master = watch.addr, "fleet"
			eventually(t, "the replica follows", func() bool {
				return strings.Contains(replica.Info(t.Context(), "replication").Val(), "master_link_status:up")
			})
			eventually(t, "Sentinel knows of it", func() bool {
				return strings.Contains(watch.rdb.Info(t.Context(), "sentinel").Val(), "slaves=1")
			})
			return master.kill
		}},
		{"killed, and restarted empty", 34, func(t *testing.T, o *orders) func() {
			s := redisServer(t)
			o.Redis = s.addr
			return func() {
				s.kill()
				time.Sleep(window + time.Second) // what it forgets has left the log anyway
				redisServerAt(t, s.addr)
			}
		}},
		{"stopped for a while", 25, func(t *testing.T, o *orders) func() {
			s := redisServer(t)
			o.Redis = s.addr
			return func() {
				s.signal(syscall.SIGSTOP)
				time.Sleep(4 * time.Second)
				s.signal(syscall.SIGCONT)
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
