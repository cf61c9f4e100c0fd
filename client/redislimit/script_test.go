package redislimit

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func run(t *testing.T, rdb *redis.Client, keys []string, args ...any) ([]int64, error) {
	return (&Limiter{rdb: rdb, keys: keys}).run(t.Context(), args)
}

// Whatever is asked and given back in whatever order: a slot never moves, no span has
// more than the limit, a caller that need not wait gets the first free slot, and every
// key expires.
func TestScriptAtRandom(t *testing.T) {
	t.Parallel()
	rdb := redisServer(t)
	for round := range 12 {
		seed := rand.Uint64()
		random := rand.New(rand.NewPCG(seed, 0))
		limit := 1 + random.IntN(5)
		span := int64(20_000 + random.IntN(30_000)) // µs: much is past while this runs
		ahead := span * int64(1+random.IntN(4)) / 4
		keys := keys(t.Name() + strconv.Itoa(round))
		var ids []string
		slots := map[string]int64{}
		for step := range 100 {
			id, again, back, pause := strconv.Itoa(step), false, []any{0}, int64(0)
			queued := entries(t, rdb, keys[1])
			switch random.IntN(8) {
			case 0, 1:
				if len(ids) > 0 {
					gone := ids[random.IntN(len(ids))]
					delete(slots, gone)
					delete(queued, gone)
					back = []any{1, gone}
				}
			case 2, 3:
				if len(ids) > 0 {
					id, again = ids[random.IntN(len(ids))], true
					delete(slots, id)
				}
			case 4:
				pause = random.Int64N(span)
			}
			wait := int64(-1)
			if random.IntN(3) == 0 {
				wait = random.Int64N(3 * span)
			}
			args := append([]any{limit, span, ahead, pause, back[0], 0, 1}, back[1:]...)
			got, err := run(t, rdb, keys, append(args, id, wait)...)
			if err != nil {
				t.Fatalf("script = %v, %v (seed %d)", got, err, seed)
			}
			state := strings.Fields(rdb.Get(t.Context(), keys[2]).Val())
			now, _ := strconv.ParseInt(state[0], 10, 64)
			paused, _ := strconv.ParseInt(state[2], 10, 64)
			delay, status := got[1+tenths], status(got[2+tenths])
			if (status == unknown) != (wait >= 0 && delay > wait) || status == slot && delay > ahead || status == reserved && delay < ahead {
				t.Fatalf("status %d at %d from now, wait %d, ahead %d (seed %d)", status, delay, wait, ahead, seed)
			}
			for _, at := range queued {
				if !again && status == slot && at > now+ahead/2 { // a lease that has not ended
					t.Fatalf("a new caller has a slot at %d from now before one that waits until %d (seed %d)", delay, at-now, seed)
				}
			}
			times := slices.Sorted(maps.Values(slots))
			first := slices.Max(append(slices.Clip(times), now, paused)) // a slot can be no earlier
			if n := len(times); n >= limit {
				first = max(first, times[n-limit]+span)
			}
			if !again && len(queued) == 0 && status == slot && delay > max(first-now, 0)+span/int64(limit) {
				t.Fatalf("a new slot at %d, want %d or a gap later (seed %d)", delay, first-now, seed)
			}
			if status == slot {
				slots[id] = now + delay
				times = append(times, now+delay)
			}
			ids = append(ids, id)
			log := entries(t, rdb, keys[0])
			for id, at := range slots {
				if kept, ok := log[id]; ok && kept != at || !ok && at > now-span {
					t.Fatalf("slot %s was at %d and is at %d, %v (seed %d)", id, at, kept, ok, seed)
				}
			}
			slices.Sort(times)
			for i := limit; i < len(times); i++ {
				if times[i]-times[i-limit] < span {
					t.Fatalf("%d slots within %d, want at least %d (seed %d)", limit+1, times[i]-times[i-limit], span, seed)
				}
			}
			for _, key := range keys {
				if rdb.TTL(t.Context(), key).Val() == -1 {
					t.Fatalf("key %s never expires (seed %d)", key, seed)
				}
			}
		}
	}
}

func entries(t *testing.T, rdb *redis.Client, key string) map[string]int64 {
	t.Helper()
	all, err := rdb.ZRangeWithScores(t.Context(), key, 0, -1).Result()
	if err != nil {
		t.Fatal(err)
	}
	entries := map[string]int64{}
	for _, z := range all {
		entries[z.Member.(string)] = int64(z.Score)
	}
	return entries
}

// The rights in the documentation are enough, and none of them is one too many; without
// one of them the script leaves no key that never expires.
func TestLeastRights(t *testing.T) {
	t.Parallel()
	admin := redisServer(t)
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rights, ok := strings.Cut(string(doc), "ACL SETUSER redislimit ")
	if !ok {
		t.Fatal("doc.go has no line with ACL SETUSER redislimit")
	}
	rights, _, _ = strings.Cut(rights, "\n//\n")
	all := strings.Fields(strings.ReplaceAll(rights, "//", ""))
	for i := range append(all, "") {
		user, without := "redislimit"+strconv.Itoa(i), slices.Clone(all)
		removed := "nothing"
		if i < len(all) {
			if removed = all[i]; !strings.HasPrefix(removed, "+") && !strings.HasPrefix(removed, "~") {
				continue
			}
			without = slices.Delete(without, i, i+1)
		}
		acl := []any{"ACL", "SETUSER", user}
		for _, right := range without {
			acl = append(acl, strings.Replace(right, ">password", ">secret", 1))
		}
		if err := admin.Do(t.Context(), acl...).Err(); err != nil {
			t.Fatal(err)
		}
		opt := *admin.Options()
		opt.Username, opt.Password = user, "secret"
		rdb := redis.NewClient(&opt)
		keys := keys(t.Name() + strconv.Itoa(i))
		// The first brings the script, the second finds it, and both do all that it can do.
		var failed error
		for range 2 {
			admin.ScriptFlush(context.Background())
			for range 2 {
				if _, err := run(t, rdb, keys, 1, 1e9, 1e6, 10, 1, 1, 3, "back", "used", 5, "a", -1, "b", -1, "c", 0); err != nil {
					failed = err
				}
			}
		}
		rdb.Close()
		errorIf(t, (failed != nil) != (removed != "nothing"), "without %s the script = %v", removed, failed)
		for _, key := range keys {
			errorIf(t, admin.TTL(t.Context(), key).Val() == -1, "without %s a key never expires: %s", removed, key)
		}
	}
}

// Every key expires soon after the last thing in it, and none has the name in it.
func TestKeys(t *testing.T) {
	t.Parallel()
	rdb := redisServer(t)
	limiter := New(rdb, t.Name(), 2, 2*time.Minute)
	spend(t, limiter, 2)
	wait(t.Context(), limiter)
	eventually(t, "one waits", func() bool { return card(t, rdb, "queue") == 1 })
	for _, key := range keys(t.Name()) {
		errorIf(t, strings.Contains(key, t.Name()) || strings.Count(key, "{") != 1, "key %q: want a hash tag, and no name", key)
		if ttl := rdb.PTTL(t.Context(), key).Val(); ttl <= time.Minute || ttl > 5*time.Minute {
			t.Errorf("key %q expires in %v, want two windows and a little at most", key, ttl)
		}
	}
	spend(t, New(rdb, "short", 1, 100*time.Millisecond), 2)
	eventually(t, "the keys are gone", func() bool { return rdb.Exists(t.Context(), keys("short")...).Val() == 0 })
}

// A reservation that nobody claims, because its process was killed, delays nobody.
func TestKilledProcess(t *testing.T) {
	t.Parallel()
	rdb := redisServer(t)
	rdb.ZAdd(t.Context(), key(t, "queue"), redis.Z{Score: float64(time.Now().UnixMicro()), Member: "killed"})
	spend(t, New(rdb, t.Name(), 1, time.Hour), 1)
}

// A Redis whose clock was set back goes on from where it was.
func TestClockGoesBack(t *testing.T) {
	t.Parallel()
	rdb := redisServer(t)
	limiter := New(rdb, t.Name(), 2, 300*time.Millisecond)
	spend(t, limiter, 1)
	// What a host would leave behind whose clock was an hour ahead.
	ahead := time.Now().Add(time.Hour).UnixMicro()
	rdb.Set(t.Context(), key(t, "state"), fmt.Sprintf("%d 0 0", ahead), time.Hour)
	rdb.ZAdd(t.Context(), key(t, "log"), redis.Z{Score: float64(ahead), Member: "before"})
	var seen tally
	for range 7 {
		spend(t, limiter, 1)
		seen.add()
	}
	if err := seen.check(2, 300*time.Millisecond, 5*time.Second); err != nil { // about three windows
		t.Error(err)
	}
}
