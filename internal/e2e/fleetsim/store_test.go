package fleetsim

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// Whatever is asked of both, a store answers as miniredis does.
func TestStore(t *testing.T) {
	m := miniredis.RunT(t)
	want := redis.NewClient(&redis.Options{Addr: m.Addr()})
	defer want.Close()
	s, random := newStore(), rand.New(rand.NewPCG(1, 2))
	number := func(most int) string { return fmt.Sprint(random.IntN(most)) }
	for i := range 700 {
		key, member := "k"+number(2), "m"+number(40)
		args := [][]any{
			{"ZADD", key, number(50), member}, {"ZADD", key, number(50), member}, {"ZREM", key, member},
			{"ZSCORE", key, member}, {"ZCARD", key}, {"ZCOUNT", key, "-inf", number(50)}, {"ZCOUNT", key, "(" + number(50), "+inf"},
			{"ZRANGE", key, fmt.Sprint(random.IntN(60) - 30), fmt.Sprint(random.IntN(60) - 30), "WITHSCORES"},
			{"ZREMRANGEBYSCORE", key, "-inf", number(5)}, {"GET", "s" + key}, {"SET", "s" + key, member, "PX", "10000"},
		}[random.IntN(11)]
		const script = `local r = redis.call(unpack(ARGV)) if type(r) == 'table' and not r.ok then r = table.concat(r, ' ') end
			if string.find(ARGV[1], 'REM') or ARGV[1] == 'ZADD' or ARGV[1] == 'SET' then r = '' end return tostring(r)`
		a, errA := want.Eval(t.Context(), script, nil, args...).Result()
		b, errB := s.eval(append([]any{"eval", script, 0}, args...))
		if errA != nil || errB != nil || a != b.String() {
			t.Fatalf("command %d, %v = %q, %v, want %q, %v", i, args, b, errB, a, errA)
		}
	}
}
