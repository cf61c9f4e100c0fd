package fleetsim

import (
	"cmp"
	"context"
	"crypto/sha1" // it names scripts
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	lua "github.com/yuin/gopher-lua"
)

// A store is the fleet's Redis: it runs the limiter's script, and knows the commands that
// the script uses. A test holds it to miniredis.
type store struct {
	mu      sync.Mutex
	state   *lua.LState
	scripts map[string]*lua.LFunction // by digest
	sets    map[string]*sortedSet
	strings map[string]string
	ahead   time.Duration // of its clock
	down    bool
}

func newStore() *store {
	s := &store{state: lua.NewState(), scripts: map[string]*lua.LFunction{}}
	s.empty()
	s.state.SetGlobal("redis", s.state.SetFuncs(s.state.NewTable(), map[string]lua.LGFunction{"call": s.call}))
	return s
}

func (s *store) empty() { s.sets, s.strings = map[string]*sortedSet{}, map[string]string{} }

// set puts the clock ahead, and away takes the store away; it comes back empty.
func (s *store) set(ahead time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead = ahead
}

func (s *store) away(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
	s.empty()
}

// A reply is an error of Redis's own.
type reply string

func (r reply) Error() string { return string(r) }
func (reply) RedisError()     {}

var errRefused = errors.New("connection refused")

// do answers EVAL and EVALSHA of a script that returns numbers.
func (s *store) do(cmd *redis.Cmd) error {
	value, err := s.eval(cmd.Args())
	if table, ok := value.(*lua.LTable); ok {
		var answer []any
		table.ForEach(func(_, n lua.LValue) { answer = append(answer, int64(lua.LVAsNumber(n))) })
		cmd.SetVal(answer)
	}
	return err
}

func (s *store) eval(args []any) (lua.LValue, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	digest, n := fmt.Sprint(args[1]), args[2].(int)
	switch {
	case s.down:
		return nil, errRefused
	case args[0] == "eval":
		script, err := s.state.LoadString(digest)
		if err != nil {
			return nil, err
		}
		digest = fmt.Sprintf("%x", sha1.Sum([]byte(digest))) // as Redis does
		s.scripts[digest] = script
	case s.scripts[digest] == nil:
		return nil, reply("NOSCRIPT No matching script")
	}
	for name, values := range map[string][]any{"KEYS": args[3 : 3+n], "ARGV": args[3+n:]} {
		table := s.state.NewTable()
		for _, value := range values {
			table.Append(lua.LString(fmt.Sprint(value)))
		}
		s.state.SetGlobal(name, table)
	}
	if err := s.state.CallByParam(lua.P{Fn: s.scripts[digest], NRet: 1, Protect: true}); err != nil {
		return nil, err
	}
	defer s.state.Pop(1)
	return s.state.Get(-1), nil
}

// call is redis.call.
func (s *store) call(l *lua.LState) int {
	args := make([]string, l.GetTop())
	for i := range args {
		args[i] = l.CheckString(i + 1)
	}
	key := args[min(1, len(args)-1)]
	set := s.sets[key]
	if set == nil {
		set = &sortedSet{scores: map[string]float64{}}
		s.sets[key] = set
	}
	var result lua.LValue = lua.LFalse
	list := func(items ...string) {
		table := l.NewTable()
		for _, item := range items {
			table.Append(lua.LString(item))
		}
		result = table
	}
	switch args[0] {
	case "TIME":
		now := time.Now().Add(s.ahead)
		list(strconv.FormatInt(now.Unix(), 10), strconv.Itoa(now.Nanosecond()/1000))
	case "GET":
		if value, ok := s.strings[key]; ok {
			result = lua.LString(value)
		}
	case "SET":
		s.strings[key] = args[2]
	case "PEXPIRE": // the script itself removes what is too old
	case "ZADD":
		set.remove(args[3])
		set.add(entry{number(args[2]), args[3]})
	case "ZREM":
		set.remove(args[2])
	case "ZREMRANGEBYSCORE":
		for _, e := range slices.Clone(set.entries[:set.upTo(args[3])]) {
			set.remove(e.member)
		}
	case "ZCARD":
		result = lua.LNumber(len(set.entries))
	case "ZCOUNT": // from -inf, or from above a score
		result = lua.LNumber(max(set.upTo(args[3])-set.upTo(strings.TrimPrefix(args[2], "(")), 0))
	case "ZSCORE":
		if score, ok := set.scores[args[2]]; ok {
			result = lua.LString(strconv.FormatFloat(score, 'f', -1, 64))
		}
	case "ZRANGE":
		n := len(set.entries)
		first, last := int(number(args[2])), int(number(args[3]))
		if first < 0 {
			first = max(first+n, 0)
		}
		if last < 0 {
			last += n
		}
		var items []string
		for i := first; i <= min(last, n-1); i++ {
			items = append(items, set.entries[i].member, strconv.FormatFloat(set.entries[i].score, 'f', -1, 64))
		}
		list(items...)
	default:
		l.RaiseError("unknown command %s", args[0])
	}
	l.Push(result)
	return 1
}

func number(s string) float64 {
	f, _ := strconv.ParseFloat(s, 64) // also -inf and +inf; the script sends nothing else
	return f
}

type sortedSet struct {
	scores  map[string]float64
	entries []entry // by score, then by member
}

type entry struct {
	score  float64
	member string
}

func (e entry) compare(other entry) int {
	return cmp.Or(cmp.Compare(e.score, other.score), cmp.Compare(e.member, other.member))
}

func (s *sortedSet) add(e entry) {
	i, _ := slices.BinarySearchFunc(s.entries, e, entry.compare)
	s.entries = slices.Insert(s.entries, i, e)
	s.scores[e.member] = e.score
}

func (s *sortedSet) remove(member string) {
	if score, ok := s.scores[member]; ok {
		i, _ := slices.BinarySearchFunc(s.entries, entry{score, member}, entry.compare)
		s.entries = slices.Delete(s.entries, i, i+1)
		delete(s.scores, member)
	}
}

// upTo counts the entries with that score at most.
func (s *sortedSet) upTo(most string) int {
	i, _ := slices.BinarySearchFunc(s.entries, entry{math.Nextafter(number(most), math.Inf(1)), ""}, entry.compare)
	return i
}

// A wire is a process's way to the store: it takes time, and counts.
type wire struct {
	*store
	tally *tally
	ctx   context.Context // of the process
}

var errDead = errors.New("the process is gone")

func (w *wire) DialHook(next redis.DialHook) redis.DialHook { return next }

func (w *wire) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (w *wire) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(_ context.Context, c redis.Cmder) error {
		cmd, ok := c.(*redis.Cmd)
		if !ok {
			return nil
		}
		time.Sleep(between(100*time.Microsecond, time.Millisecond))
		if w.ctx.Err() != nil {
			return errDead
		}
		err := w.do(cmd)
		if !errors.Is(err, errRefused) {
			w.tally.operation(asked(cmd.Args()))
		}
		time.Sleep(between(100*time.Microsecond, time.Millisecond))
		if w.ctx.Err() != nil {
			return errDead
		}
		return err
	}
}

// asked returns the ids for which a trip asks, and if there are none those that it gives
// back: EVALSHA sha 3 key×3, seven numbers of which the last count what follows.
func asked(args []any) (ids []any) {
	back, used, asked := args[10].(int), args[11].(int), args[12].(int)
	rest := args[13:]
	if asked == 0 {
		return rest[:back]
	}
	for i := back + 2*used; i < len(rest); i += 2 {
		ids = append(ids, rest[i])
	}
	return ids
}
