package redislimit_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/adminportal-go/adminportal/client/redislimit"
)

func TestScriptIsFlushed(t *testing.T) {
	t.Parallel()
	rdb := connect(t, redisServer(t))
	limiter := redislimit.New(rdb, "budget", 5, time.Hour, redislimit.WithFallback(redislimit.FailClosed))
	for i := range 5 {
		if err := limiter.Wait(within(t, 10*time.Second)); err != nil {
			t.Errorf("Wait %d = %v, want nil", i+1, err)
		}
		if err := rdb.ScriptFlush(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := limiter.Wait(within(t, 10*time.Second)); !errors.Is(err, redislimit.ErrWouldExceedDeadline) {
		t.Errorf("Wait 6 = %v, want ErrWouldExceedDeadline: the log was not flushed", err)
	}
}

// A process that starts asks for its place at once: no trip is for its clock alone.
func TestFirstTripAsks(t *testing.T) {
	t.Parallel()
	addr := redisServer(t)
	rdb := connect(t, addr)
	if err := redislimit.New(rdb, "budget", 1, time.Hour).Wait(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	before := calls(t, rdb)
	limiter := redislimit.New(connect(t, addr), "budget", 1, time.Hour)
	if err := limiter.Wait(within(t, 10*time.Second)); !errors.Is(err, redislimit.ErrWouldExceedDeadline) {
		t.Errorf("Wait = %v, want ErrWouldExceedDeadline", err)
	}
	if got := calls(t, rdb) - before; got != 1 {
		t.Errorf("the first Wait took %d trips, want 1", got)
	}
}

// slow is a connection whose every command takes so long.
type slow time.Duration

func (slow) DialHook(next redis.DialHook) redis.DialHook { return next }

func (slow) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (s slow) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		defer time.Sleep(time.Duration(s)) // it arrives, and the answer is late
		return next(ctx, cmd)
	}
}

// A first trip that took long knows the clock too badly to keep a place by it, and is
// made again; the others are not.
func TestSlowFirstTrip(t *testing.T) {
	t.Parallel()
	addr := redisServer(t)
	rdb := connect(t, addr)
	if err := redislimit.New(rdb, "budget", 1, time.Hour).Wait(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	before := calls(t, rdb)
	far := connect(t, addr)
	far.AddHook(slow(300 * time.Millisecond))
	limiter := redislimit.New(far, "budget", 1, time.Hour, redislimit.WithTimeout(10*time.Second))
	for i := range 2 {
		cancel, done := wait(t.Context(), limiter)
		defer func() {
			cancel()
			<-done
		}()
		eventually(t, "the place is kept", func() bool { return limiter.Waiting() == i+1 && limiter.Entered() == i+1 })
		if got, want := calls(t, rdb)-before, i+2; got != want {
			t.Errorf("%d places took %d trips, want %d", i+1, got, want)
		}
	}
}

// Every key ends by itself, not long after the last thing in it, and holds no more
// than the limit and those who wait.
func TestKeys(t *testing.T) {
	t.Parallel()
	const name, limit = "sk_live_0123456789", 20
	rdb := connect(t, redisServer(t))
	limiter := redislimit.New(rdb, name, limit, 2*time.Minute)
	var wg sync.WaitGroup
	for range limit {
		wg.Go(func() {
			if err := limiter.Wait(within(t, 10*time.Second)); err != nil {
				t.Errorf("Wait = %v", err)
			}
		})
	}
	wg.Wait()
	cancel, done := wait(t.Context(), limiter)
	eventually(t, "one waits", func() bool { return rdb.ZCard(t.Context(), key(name, "kept")).Val() == 1 })
	keys, err := rdb.Keys(t.Context(), "*").Result()
	if err != nil || len(keys) != 4 {
		t.Fatalf("Keys = %q, %v, want four", keys, err)
	}
	for _, key := range keys {
		if strings.Contains(key, name) || strings.Count(key, "{") != 1 {
			t.Errorf("key %q: want a hash tag, and no name", key)
		}
		if ttl := rdb.PTTL(t.Context(), key).Val(); ttl <= 0 || ttl > 5*time.Minute {
			t.Errorf("key %q expires in %v, want two windows and a little", key, ttl)
		}
	}
	cancel()
	<-done
	if n := rdb.ZCard(t.Context(), key(name, "log")).Val(); n > limit+1 {
		t.Errorf("the log has %d entries, want at most %d", n, limit+1)
	}

	limiter = redislimit.New(rdb, "short", 1, 100*time.Millisecond)
	for range 2 {
		if err := limiter.Wait(within(t, 10*time.Second)); err != nil {
			t.Errorf("Wait = %v", err)
		}
	}
	eventually(t, "the keys are gone", func() bool { return rdb.Exists(t.Context(), redislimit.Keys("short")...).Val() == 0 })
}

// A Redis whose clock was set back goes on from where it was.
func TestClockGoesBack(t *testing.T) {
	t.Parallel()
	rdb := connect(t, redisServer(t))
	limiter := redislimit.New(rdb, "budget", 2, 300*time.Millisecond)
	ctx := within(t, 20*time.Second)
	if err := limiter.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	// What a host would leave behind whose clock was an hour ahead.
	ahead := time.Now().Add(time.Hour).UnixMicro()
	rdb.HSet(ctx, key("budget", "state"), "seen", ahead)
	for _, part := range []string{"log", "firm"} {
		rdb.ZAdd(ctx, key("budget", part), redis.Z{Score: float64(ahead), Member: "before"})
	}
	var seen tally
	begun := time.Now()
	for range 7 {
		if err := limiter.Wait(ctx); err != nil {
			t.Fatalf("Wait = %v", err)
		}
		seen.add()
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("seven attempts took %v, want about three windows", took)
	}
	if got := seen.busiest(300 * time.Millisecond); got > 2 {
		t.Errorf("busiest span = %d, want at most 2", got)
	}
}

// A pause holds for all, whether they wait already or come later, and here too
// while Redis is away.
func TestPauseIsShared(t *testing.T) {
	t.Parallel()
	addr := redisServer(t)
	ctx := within(t, 30*time.Second)
	one := redislimit.New(connect(t, addr), "budget", 3, time.Second)
	other := redislimit.New(connect(t, addr), "budget", 3, time.Second)
	for range 3 {
		if err := other.Wait(ctx); err != nil {
			t.Fatal(err)
		}
	}
	_, waiting := wait(ctx, other)
	eventually(t, "one waits", func() bool { return other.Entered() == 4 })
	begun := time.Now()
	one.Pause(ctx, 2*time.Second)
	one.Pause(ctx, time.Second) // shortens nothing
	one.Pause(ctx, -time.Second)
	_, later := wait(ctx, other)
	for _, done := range []<-chan error{waiting, later} {
		if err := <-done; err != nil {
			t.Errorf("Wait = %v, want nil", err)
		}
		if took := time.Since(begun); took < 2*time.Second || took > 6*time.Second {
			t.Errorf("Wait ended after %v, want the two seconds of the pause", took)
		}
	}
	one.Pause(ctx, time.Hour*24)
	var late *redislimit.DeadlineError
	if err := other.Wait(ctx); !errors.As(err, &late) || late.Delay > time.Hour {
		t.Errorf("Wait = %v, want a DeadlineError of an hour at most", err)
	}

	alone := redislimit.New(connect(t, freePort(t)), "budget", 3, time.Second)
	begun = time.Now()
	alone.Pause(ctx, 1500*time.Millisecond) // longer than it takes to find out about Redis
	if err := alone.Wait(ctx); err != nil || time.Since(begun) < 1500*time.Millisecond {
		t.Errorf("Wait = %v after %v, want nil after the pause", err, time.Since(begun))
	}
	alone.Pause(ctx, time.Hour)
	if err := alone.Wait(ctx); !errors.Is(err, redislimit.ErrWouldExceedDeadline) {
		t.Errorf("Wait without Redis in a pause = %v, want ErrWouldExceedDeadline", err)
	}
}

// Who waited for the end of a pause leaves evenly, not as one to be refused again.
func TestAfterPauseEvenly(t *testing.T) {
	t.Parallel()
	const limit, waiters = 4, 4
	rdb := connect(t, redisServer(t))
	limiter := redislimit.New(rdb, "budget", limit, time.Hour, redislimit.WithSlack(0))
	limiter.Pause(t.Context(), time.Minute)
	for range waiters {
		cancel, done := wait(t.Context(), limiter)
		defer func() {
			cancel()
			<-done
		}()
	}
	var turns []redis.Z
	eventually(t, "all have places", func() bool {
		turns = rdb.ZRangeWithScores(t.Context(), key("budget", "kept"), 0, -1).Val()
		return len(turns) == waiters
	})
	for i := 1; i < len(turns); i++ {
		apart := time.Duration(turns[i].Score-turns[i-1].Score) * time.Microsecond
		if apart < time.Hour/limit {
			t.Errorf("turns %d and %d are %v apart, want %v at least", i, i+1, apart, time.Hour/limit)
		}
	}
}

// Three nodes: a limiter's keys are in one slot, and it follows when the slot moves.
func TestCluster(t *testing.T) {
	t.Parallel()
	const slots = 16384
	ctx := within(t, 60*time.Second)
	nodes := make([]*redis.Client, 3)
	ids := make([]string, 3)
	addrs := make([]string, 3)
	for i := range nodes {
		addrs[i] = redisServer(t, "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf")
		nodes[i] = connect(t, addrs[i])
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
	rdb := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs})
	defer rdb.Close()
	limiter := redislimit.New(rdb, "budget", 4, time.Hour, redislimit.WithFallback(redislimit.FailClosed))
	take := func() {
		t.Helper()
		if err := limiter.Wait(ctx); err != nil {
			t.Fatalf("Wait = %v", err)
		}
	}
	take()
	take()

	keys := redislimit.Keys("budget")
	slot := nodes[0].ClusterKeySlot(ctx, keys[0]).Val()
	for _, key := range keys {
		if got := nodes[0].ClusterKeySlot(ctx, key).Val(); got != slot {
			t.Errorf("key %q is in slot %d, want %d", key, got, slot)
		}
	}
	from := int(slot) * 3 / slots
	to := (from + 1) % 3
	must := func(cmd *redis.Cmd) {
		t.Helper()
		if err := cmd.Err(); err != nil {
			t.Fatalf("%v: %v", cmd.Args(), err)
		}
	}
	must(nodes[to].Do(ctx, "CLUSTER", "SETSLOT", slot, "IMPORTING", ids[from]))
	must(nodes[from].Do(ctx, "CLUSTER", "SETSLOT", slot, "MIGRATING", ids[to]))
	_, port, _ := strings.Cut(addrs[to], ":")
	args := []any{"MIGRATE", "127.0.0.1", port, "", 0, 5000, "KEYS"}
	for _, key := range keys {
		args = append(args, key)
	}
	must(nodes[from].Do(ctx, args...))
	for _, i := range []int{to, from, 3 - from - to} {
		must(nodes[i].Do(ctx, "CLUSTER", "SETSLOT", slot, "NODE", ids[to]))
	}
	take()
	take()
	if err := limiter.Wait(ctx); !errors.Is(err, redislimit.ErrWouldExceedDeadline) {
		t.Errorf("Wait 5 = %v, want ErrWouldExceedDeadline: the log has moved along", err)
	}
	if n := nodes[to].ZCard(ctx, keys[0]).Val(); n != 4 {
		t.Errorf("the log on its new node has %d entries, want 4", n)
	}
}

func TestInvalid(t *testing.T) {
	t.Parallel()
	rdb := connect(t, "127.0.0.1:1")
	for _, test := range []struct {
		limiter *redislimit.Limiter
		says    string
	}{
		{redislimit.New(nil, "budget", 1, time.Second), "no Redis client"},
		{redislimit.New(rdb, "", 1, time.Second), "name must not be empty"},
		{redislimit.New(rdb, "budget", 0, time.Second), "limit must be positive (0)"},
		{redislimit.New(rdb, "budget", -1, time.Second), "limit must be positive (-1)"},
		{redislimit.New(rdb, "budget", 1, 0), "window must be positive"},
		{redislimit.New(rdb, "budget", 1, 1<<63-1), "window must be positive, and a year at most"},
		{redislimit.New(rdb, "budget", 1, time.Second, redislimit.WithSlack(1<<63-1)), "slack must be a year at most"},
		{new(redislimit.Limiter), "not made with New"},
	} {
		test.limiter.Pause(t.Context(), time.Second)
		err := test.limiter.Wait(t.Context())
		if !errors.Is(err, redislimit.ErrInvalid) || !strings.Contains(fmt.Sprint(err), test.says) {
			t.Errorf("Wait = %v, want ErrInvalid that says %q", err, test.says)
		}
	}
}
