package fleetsim

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
	"github.com/redis/go-redis/v9"
)

// A store is the Redis of a fleet. Its clock is the simulation's, but for what the
// host's is off by.
type store struct {
	redis *miniredis.Miniredis
	sets  sortedSets

	mu    sync.Mutex
	ahead time.Duration
	down  bool
	conns map[*connection]bool
}

func newStore() *store {
	s := &store{redis: miniredis.NewMiniRedis(), sets: sortedSets{sets: map[string]*sortedSet{}}, conns: map[*connection]bool{}}
	s.redis.ClockTTL(true)
	return s
}

// start takes over TIME and sorted sets. Before the first connection there is no
// server to hook into.
func (s *store) start() error {
	conn, err := s.redis.Dial()
	if err != nil {
		return err
	}
	s.redis.Server().SetPreHook(func(c *server.Peer, cmd string, args ...string) bool {
		if cmd != "TIME" {
			return s.sets.answer(c, cmd, args)
		}
		now := s.now()
		c.WriteLen(2)
		c.WriteBulk(strconv.FormatInt(now.Unix(), 10))
		c.WriteBulk(strconv.Itoa(now.Nanosecond() / 1000))
		return true
	})
	return conn.Close()
}

func (s *store) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.ahead)
}

func (s *store) set(ahead time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead = ahead
}

// away cuts all connections and lets none in. What comes back is empty.
func (s *store) away(down bool) {
	s.mu.Lock()
	s.down = down
	var cut []*connection
	for conn := range s.conns {
		cut = append(cut, conn)
	}
	s.mu.Unlock()
	if !down {
		s.redis.FlushAll()
		s.sets.clear()
		return
	}
	for _, conn := range cut {
		_ = conn.Close() // a pipe's never fails
	}
}

type connection struct {
	net.Conn
	of *store
}

func (c *connection) Close() error {
	c.of.mu.Lock()
	delete(c.of.conns, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

var errRefused = errors.New("connection refused")

func (s *store) dial(context.Context, string, string) (net.Conn, error) {
	s.mu.Lock()
	down := s.down
	s.mu.Unlock()
	if down {
		return nil, errRefused
	}
	conn, err := s.redis.Dial()
	if err != nil {
		return nil, err
	}
	c := &connection{conn, s}
	s.mu.Lock()
	s.conns[c] = true
	s.mu.Unlock()
	return c, nil
}

// A wire is a replica's way to Redis: it takes time, counts what goes over it, and
// is where the replica's clock and Redis's differ.
type wire struct {
	random *locked
	began  time.Time
	ahead  time.Duration // Redis's clock, as this replica sees it
	drift  float64
	tally  *tally

	mu   sync.Mutex
	dead bool
	owed int // trips for the clock alone
}

func (w *wire) kill() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = true
}

func (w *wire) gone() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dead
}

var errDead = errors.New("the process is gone")

func (w *wire) DialHook(next redis.DialHook) redis.DialHook { return next }

func (w *wire) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (w *wire) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if name := cmd.Name(); name != "eval" && name != "evalsha" {
			return next(ctx, cmd) // a connection's beginning
		}
		time.Sleep(w.random.between(100*time.Microsecond, time.Millisecond))
		if w.gone() {
			return errDead
		}
		err := next(ctx, cmd)
		if refusal := redis.Error(nil); err == nil || errors.As(err, &refusal) {
			w.count(cmd.Args()) // it got there
		}
		time.Sleep(w.random.between(100*time.Microsecond, time.Millisecond))
		if w.gone() {
			return errDead
		}
		if answer, ok := cmd.(*redis.Cmd); ok && err == nil {
			w.shift(answer)
		}
		return err
	}
}

// shift is for a replica whose clock is off: all that a limiter sees of that is how
// far the instants of the answer are from its own clock's.
func (w *wire) shift(cmd *redis.Cmd) {
	answer, ok := cmd.Val().([]any)
	if !ok {
		return
	}
	off := (w.ahead + time.Duration(float64(time.Since(w.began))*w.drift)).Microseconds()
	for i, value := range answer {
		if at, ok := value.(int64); ok && at != 0 && (i < 2 || i%2 == 0) {
			answer[i] = at + off
		}
	}
}

// count charges a trip to those who ask for a place in it; one that asks for none to
// those who give theirs back; and one for the clock alone to the next who asks.
func (w *wire) count(args []any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	back, asked := places(args)
	switch {
	case len(asked) > 0:
		w.tally.operation(asked, 1+w.owed)
		w.owed = 0
	case len(back) > 0:
		w.tally.operation(back, 1)
	default:
		w.owed++
		w.tally.operation(nil, 1)
	}
}

// places are those that a trip gives back, and those that it asks for, as the
// script's own comment lists its arguments: EVALSHA sha 4 key×4, eight numbers,
// used × 2, back, asked × 2.
func places(args []any) (back, asked []string) {
	const numbers = 3 + 4
	count := func(i int) int {
		n, _ := args[numbers+i].(int)
		return n
	}
	if len(args) < numbers+8 {
		return nil, nil
	}
	at := numbers + 8 + 2*count(5)
	for range count(6) {
		if id, ok := args[at].(string); ok {
			back = append(back, id)
		}
		at++
	}
	for ; at < len(args); at += 2 {
		if id, ok := args[at].(string); ok {
			asked = append(asked, id)
		}
	}
	return back, asked
}

// locked is a random source for several goroutines.
type locked struct {
	mu     sync.Mutex
	random *rand.Rand
}

func newRandom(a, b uint64) *locked { return &locked{random: rand.New(rand.NewPCG(a, b))} }

func (l *locked) between(least, most time.Duration) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return least + time.Duration(l.random.Int64N(int64(most-least)+1))
}

func (l *locked) float() float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.random.Float64()
}

func (l *locked) exp(mean time.Duration) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Duration(l.random.ExpFloat64() * float64(mean))
}
