package redis_test

import (
	"crypto/tls"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/adminportal-go/adminportal/client/redislimit"
)

// The cause of a failed connection is in the first error, and long before the timeout
// where it can be known.
func TestCauses(t *testing.T) {
	password := redisServer(t, "--requirepass", "secret").Addr
	full := redisServer(t, "--maxclients", "1").Addr // its client has the only connection
	none := freePort(t)
	for _, test := range []struct {
		name    string
		opt     redis.UniversalOptions
		cause   string
		atWorst time.Duration
	}{
		{"refused", redis.UniversalOptions{Addrs: []string{none}}, "connection refused", 600 * time.Millisecond},
		{"refused, cluster", redis.UniversalOptions{Addrs: []string{none, freePort(t), freePort(t)}}, "connection refused", 600 * time.Millisecond},
		{"refused, sentinel", redis.UniversalOptions{Addrs: []string{none}, MasterName: "fleet"}, "no connection in time", 1100 * time.Millisecond},
		{"unknown host", redis.UniversalOptions{Addrs: []string{"nowhere.invalid:6379"}}, "nowhere.invalid", 900 * time.Millisecond},
		{"TLS to a plain port", redis.UniversalOptions{Addrs: []string{password}, TLSConfig: &tls.Config{}}, "with TLS", 900 * time.Millisecond},
		{"no password", redis.UniversalOptions{Addrs: []string{password}}, "NOAUTH", 300 * time.Millisecond},
		{"wrong password", redis.UniversalOptions{Addrs: []string{password}, Password: "wrong"}, "WRONGPASS", 300 * time.Millisecond},
		{"too many clients", redis.UniversalOptions{Addrs: []string{full}}, "max number of clients", 600 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			rdb := closed(t, redis.NewUniversalClient(&test.opt))
			limiter := redislimit.New(rdb, "budget", 10, time.Minute, redislimit.WithFallback(redislimit.FailClosed))
			begun := time.Now()
			err := limiter.Wait(within(t, 30*time.Second))
			took := time.Since(begun)
			if !errors.Is(err, redislimit.ErrUnavailable) || !strings.Contains(err.Error(), test.cause) || took > test.atWorst {
				t.Errorf("Wait = %v after %v, want ErrUnavailable because of %q within %v", err, took, test.cause, test.atWorst)
			}
			if state := limiter.State(); !state.Degraded || !strings.Contains(state.Cause.Error(), test.cause) {
				t.Errorf("State = %+v, want degraded because of %q", state, test.cause)
			}
		})
	}
}

// A Ring whose shard dies would begin with an empty log on another.
func TestRing(t *testing.T) {
	rdb := closed(t, redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"one": redisServer(t).Addr, "other": redisServer(t).Addr}}))
	err := redislimit.New(rdb, "budget", 10, time.Minute).Wait(t.Context())
	if !errors.Is(err, redislimit.ErrInvalid) || !strings.Contains(err.Error(), "redis.Ring") {
		t.Errorf("Wait = %v, want ErrInvalid because of the redis.Ring", err)
	}
}

// With a clock that a test has set and left, there is no budget to come, and whoever
// waits for it asks a few times a second at most. When the clock is moved there is.
func TestMiniredisClockStands(t *testing.T) {
	m := miniredis.RunT(t)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	m.SetTime(now)
	rdb := closed(t, redis.NewClient(&redis.Options{Addr: m.Addr()}))
	const window = 2 * time.Second
	limiter := redislimit.New(rdb, "budget", 1, window)
	if err := limiter.Wait(within(t, 10*time.Second)); err != nil {
		t.Fatalf("Wait = %v", err)
	}
	done := make(chan error)
	go func() { done <- limiter.Wait(within(t, 20*time.Second)) }()
	time.Sleep(window)
	before := m.CommandCount()
	time.Sleep(2 * time.Second)
	if trips := (m.CommandCount() - before) / 20; trips > 8 { // a trip has about 20 commands
		t.Errorf("there were %d trips in 2 s, want 4 a second at most", trips)
	}
	m.SetTime(now.Add(window + time.Second))
	if err := <-done; err != nil {
		t.Errorf("Wait = %v, want nil when the clock has moved", err)
	}
}

// Three nodes: a limiter's keys are in one slot, and it follows when the slot moves.
func TestCluster(t *testing.T) {
	const slots = 16384
	ctx := within(t, 60*time.Second)
	nodes := make([]*redis.Client, 3)
	ids, addrs := make([]string, 3), make([]string, 3)
	for i := range nodes {
		s := redisServer(t, "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf")
		addrs[i], nodes[i] = s.Addr, s.Client
		ids[i] = nodes[i].ClusterMyID(ctx).Val()
		if err := nodes[i].ClusterAddSlotsRange(ctx, slots*i/3, slots*(i+1)/3-1).Err(); err != nil {
			t.Fatal(err)
		}
		nodes[i].Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1)
		host, port, _ := strings.Cut(addrs[0], ":")
		nodes[i].ClusterMeet(ctx, host, port)
	}
	for _, node := range nodes {
		eventually(t, "the cluster is whole", func() bool {
			info := node.ClusterInfo(ctx).Val()
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:3")
		})
	}
	rdb := closed(t, redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs}))
	limiter := redislimit.New(rdb, "budget", 4, time.Hour, redislimit.WithFallback(redislimit.FailClosed))
	take := func() {
		t.Helper()
		for range 2 {
			if err := limiter.Wait(ctx); err != nil {
				t.Fatalf("Wait = %v", err)
			}
		}
	}
	take()
	var keys []string
	from := -1
	for i, node := range nodes {
		if found := node.Keys(ctx, "adminportal:*").Val(); len(found) > 0 {
			keys, from = append(keys, found...), i
		}
	}
	if len(keys) != 2 { // nobody waits, so there is no queue
		t.Fatalf("the keys are %q, want two", keys)
	}
	slot := nodes[0].ClusterKeySlot(ctx, keys[0]).Val()
	to := (from + 1) % 3
	do := func(i int, args ...any) {
		t.Helper()
		if err := nodes[i].Do(ctx, args...).Err(); err != nil {
			t.Fatalf("%v: %v", args, err)
		}
	}
	do(to, "CLUSTER", "SETSLOT", slot, "IMPORTING", ids[from])
	do(from, "CLUSTER", "SETSLOT", slot, "MIGRATING", ids[to])
	_, port, _ := strings.Cut(addrs[to], ":")
	do(from, "MIGRATE", "127.0.0.1", port, "", 0, 5000, "KEYS", keys[0], keys[1])
	for _, i := range []int{to, from, 3 - from - to} {
		do(i, "CLUSTER", "SETSLOT", slot, "NODE", ids[to])
	}
	take()
	if err := limiter.Wait(ctx); !errors.Is(err, redislimit.ErrWouldExceedDeadline) {
		t.Errorf("Wait 5 = %v, want ErrWouldExceedDeadline: the log has moved along", err)
	}
}

// closed closes a client when the test is over.
func closed[C interface{ Close() error }](t *testing.T, client C) C {
	t.Cleanup(func() { _ = client.Close() })
	return client
}
