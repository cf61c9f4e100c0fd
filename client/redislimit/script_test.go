package redislimit

import (
	"context"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/adminportal-go/adminportal/internal/require"
)

// scriptRedis starts a Redis at a socket of its own.
func scriptRedis(t *testing.T) *redis.Client {
	t.Helper()
	path := require.Tool(t, "redis-server", "redis-server")
	dir, err := os.MkdirTemp("", "redislimit") //nolint:usetesting // Redis outlives the test's own cleanup, and a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "redis")
	cmd := exec.Command(path, "--port", "0", "--unixsocket", socket, "--save", "", "--dir", dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	rdb := redis.NewClient(&redis.Options{Dialer: func(context.Context, string, string) (net.Conn, error) {
		return net.Dial("unix", socket)
	}})
	t.Cleanup(func() {
		_ = rdb.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
	})
	for end := time.Now().Add(15 * time.Second); rdb.Ping(t.Context()).Err() != nil; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("redis-server does not answer")
		}
	}
	return rdb
}

// Whatever is asked, given back and forgotten in whatever order, no span of what is
// firm holds more than the limit; and a new one gets the earliest place that the log
// leaves, except where that is known to be full.
func TestScriptAtRandom(t *testing.T) {
	t.Parallel()
	rdb := scriptRedis(t)
	for round := range 12 {
		seed := rand.Uint64()
		random := rand.New(rand.NewPCG(seed, 0))
		limit := 1 + random.IntN(5)
		span := int64(20_000 + random.IntN(30_000)) // µs: much is past while this runs
		apart := span / 20 / int64(limit)
		horizon := span * int64(1+random.IntN(8)) / 4
		keys := keys(strconv.Itoa(round))
		var ids []string
		firm := map[string]int64{}
		for step := range 100 {
			id := strconv.Itoa(step)
			args := []any{limit, span, apart, horizon, 0, 0}
			back := ""
			if len(ids) > 0 && random.IntN(4) == 0 {
				back = ids[random.IntN(len(ids))]
				delete(firm, back)
				args = append(args, 1, 1, back)
			} else {
				args = append(args, 0, 1)
			}
			again := len(ids) > 0 && random.IntN(4) == 0
			if again {
				id = ids[random.IntN(len(ids))]
			}
			wait := int64(-1)
			if random.IntN(3) == 0 {
				wait = random.Int64N(3 * span)
			}
			before := scores(t, rdb, keys[0])
			keptBefore := scores(t, rdb, keys[2])
			got, err := script.Run(t.Context(), rdb, keys, append(args, id, wait)...).Int64Slice()
			if err != nil || len(got) != 4 {
				t.Fatalf("script = %v, %v (seed %d)", got, err, seed)
			}
			now, at, state := got[0], got[2], placeState(got[3])
			if at < now {
				t.Fatalf("at %d, before now %d (seed %d)", at, now, seed)
			}
			if (state == wanted) != (wait >= 0 && at-now > wait) || state == firmState(at-now > horizon) {
				t.Fatalf("state %d at %d from now, wait %d, horizon %d (seed %d)", state, at-now, wait, horizon, seed)
			}
			if _, had := before[id]; !had && !again {
				delete(before, back)
				for gone, at := range keptBefore {
					if at <= now+horizon/4 {
						delete(before, gone)
					}
				}
				if want := earliest(before, now, int64(limit), span, apart); at > want {
					t.Fatalf("a new one at %d, want %d, which is free (seed %d)", at-now, want-now, seed)
				}
			}
			ids = append(ids, id)
			delete(firm, id)
			for _, other := range firm {
				if at > now && max(at-other, other-at) < apart {
					t.Fatalf("two places within %d µs, want at least %d (seed %d)", max(at-other, other-at), apart, seed)
				}
			}
			if state == firmPlace {
				firm[id] = at
			}
			if busy := spans(firm, limit); busy < span && len(firm) > limit {
				t.Fatalf("%d firm places within %d µs, want at least %d (seed %d)", limit+1, busy, span, seed)
			}
		}
	}
}

const firmPlace = firm

// firmState is the state that a place so far ahead cannot have.
func firmState(far bool) placeState {
	if far {
		return firmPlace
	}
	return kept
}

func scores(t *testing.T, rdb *redis.Client, key string) map[string]int64 {
	t.Helper()
	entries, err := rdb.ZRangeWithScores(t.Context(), key, 0, -1).Result()
	if err != nil {
		t.Fatal(err)
	}
	scores := map[string]int64{}
	for _, z := range entries {
		scores[z.Member.(string)] = int64(z.Score)
	}
	return scores
}

// earliest looks at every instant that can be the earliest.
func earliest(log map[string]int64, now, limit, span, apart int64) int64 {
	taken := []int64{}
	candidates := []int64{now}
	for _, at := range log {
		if at > now-span {
			taken = append(taken, at)
			candidates = append(candidates, at+span, at+apart)
			for _, other := range log {
				candidates = append(candidates, max(other+span, at+apart))
			}
		}
	}
	slices.Sort(candidates)
	for _, at := range candidates {
		if at >= now && fits(taken, at, now, limit, span, apart) {
			return at
		}
	}
	panic("there is always room in the end")
}

func fits(taken []int64, at, now, limit, span, apart int64) bool {
	all := slices.Sorted(slices.Values(append(slices.Clone(taken), at)))
	for _, other := range taken {
		if at > now && max(at-other, other-at) < apart {
			return false
		}
	}
	for i := int(limit); i < len(all); i++ {
		if all[i]-all[i-int(limit)] < span && all[i-int(limit)] <= at && at <= all[i] {
			return false
		}
	}
	return true
}

// spans is the shortest time that holds one more than limit.
func spans(places map[string]int64, limit int) int64 {
	all := []int64{}
	for _, at := range places {
		all = append(all, at)
	}
	slices.Sort(all)
	shortest := int64(1) << 62
	for i := limit; i < len(all); i++ {
		shortest = min(shortest, all[i]-all[i-limit])
	}
	return shortest
}
