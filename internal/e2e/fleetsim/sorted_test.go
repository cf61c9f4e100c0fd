package fleetsim

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// Whatever is asked of both, a store's sorted sets answer as miniredis's own do.
func TestSortedSets(t *testing.T) {
	own := miniredis.NewMiniRedis()
	defer own.Close()
	s := newStore()
	defer s.redis.Close()
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	dial := func(m *miniredis.Miniredis) *redis.Client {
		rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379", Dialer: func(context.Context, string, string) (net.Conn, error) {
			return m.Dial()
		}})
		t.Cleanup(func() { rdb.Close() })
		return rdb
	}
	want, got := dial(own), dial(s.redis)
	random := rand.New(rand.NewPCG(seed, 0))
	score := func() string { return strconv.Itoa(random.IntN(50)) }
	index := func() string { return strconv.Itoa(random.IntN(30) - 10) }
	for i := range 1000 {
		key, member := "k"+strconv.Itoa(random.IntN(2)), "m"+strconv.Itoa(random.IntN(40))
		var cmd []any
		switch random.IntN(10) {
		case 0:
			cmd = []any{"ZREM", key, member}
		case 1:
			cmd = []any{"ZSCORE", key, member}
		case 2:
			cmd = []any{"ZCARD", key}
		case 3:
			cmd = []any{"ZCOUNT", key, "-inf", score()}
		case 4:
			cmd = []any{"ZRANGEBYSCORE", key, "-inf", score()}
		case 5, 6:
			cmd = []any{"ZRANGE", key, index(), index(), "WITHSCORES"}
		case 7:
			if random.IntN(10) == 0 {
				cmd = []any{"ZREMRANGEBYSCORE", key, "-inf", score()}
				break
			}
			fallthrough
		default:
			cmd = []any{"ZADD", key, score(), member}
		}
		const script = `return redis.call(unpack(ARGV))` // as the limiter's script calls them
		a, errA := want.Eval(t.Context(), script, nil, cmd...).Result()
		b, errB := got.Eval(t.Context(), script, nil, cmd...).Result()
		if fmt.Sprint(a, errA) != fmt.Sprint(b, errB) {
			t.Fatalf("command %d, %v = %v, %v, want %v, %v", i, cmd, b, errB, a, errA)
		}
	}
	if len(s.sets.sets) != 2 || own.Exists("k0") == s.redis.Exists("k0") {
		t.Errorf("the store has %d sets, want two, which miniredis knows nothing of", len(s.sets.sets))
	}
}
