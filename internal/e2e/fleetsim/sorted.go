package fleetsim

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"sync"

	"github.com/alicebob/miniredis/v2/server"
)

// sortedSets are the sorted sets of a store. Miniredis sorts all of a set for every
// look at it, which makes the log of a thousand replicas take minutes; these stay
// sorted, and know just what the limiter's script asks. A test holds them to
// miniredis's own.
type sortedSets struct {
	mu   sync.Mutex
	sets map[string]*sortedSet // by key
}

type sortedSet struct {
	scores  map[string]float64
	entries []entry // by score, then by member
}

type entry struct {
	score  float64
	member string
}

func (a entry) compare(b entry) int {
	if c := cmp.Compare(a.score, b.score); c != 0 {
		return c
	}
	return cmp.Compare(a.member, b.member)
}

// answer does a command, if it is one for sorted sets of the form that the script
// uses.
func (s *sortedSets) answer(c *server.Peer, cmd string, args []string) bool {
	if len(args) == 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	set := s.sets[args[0]]
	if set == nil {
		set = &sortedSet{scores: map[string]float64{}}
	}
	switch {
	case cmd == "ZCARD" && len(args) == 1:
		c.WriteInt(len(set.entries))
	case cmd == "ZSCORE" && len(args) == 2:
		if score, ok := set.scores[args[1]]; ok {
			c.WriteBulk(number(score))
		} else {
			c.WriteNull()
		}
	case cmd == "ZADD" && len(args) == 3:
		score, err := strconv.ParseFloat(args[1], 64)
		if err != nil {
			return false
		}
		s.sets[args[0]] = set
		added := !set.remove(args[2])
		set.add(entry{score, args[2]})
		c.WriteInt(count(added))
	case cmd == "ZREM" && len(args) == 2:
		c.WriteInt(count(set.remove(args[1])))
	case cmd == "ZCOUNT" && len(args) == 3 && args[1] == "-inf":
		n, ok := set.upTo(args[2])
		if !ok {
			return false
		}
		c.WriteInt(n)
	case cmd == "ZRANGEBYSCORE" && len(args) == 3 && args[1] == "-inf":
		n, ok := set.upTo(args[2])
		if !ok {
			return false
		}
		c.WriteLen(n)
		for _, e := range set.entries[:n] {
			c.WriteBulk(e.member)
		}
	case cmd == "ZREMRANGEBYSCORE" && len(args) == 3 && args[1] == "-inf":
		n, ok := set.upTo(args[2])
		if !ok {
			return false
		}
		for _, e := range set.entries[:n] {
			delete(set.scores, e.member)
		}
		set.entries = slices.Delete(set.entries, 0, n)
		c.WriteInt(n)
	case cmd == "ZRANGE" && len(args) == 4 && args[3] == "WITHSCORES":
		first, err1 := strconv.Atoi(args[1])
		last, err2 := strconv.Atoi(args[2])
		if err1 != nil || err2 != nil {
			return false
		}
		part := set.part(first, last)
		c.WriteLen(2 * len(part))
		for _, e := range part {
			c.WriteBulk(e.member)
			c.WriteBulk(number(e.score))
		}
	default:
		return false
	}
	return true
}

func (s *sortedSets) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.sets)
}

func (s *sortedSet) add(e entry) {
	i, _ := slices.BinarySearchFunc(s.entries, e, entry.compare)
	s.entries = slices.Insert(s.entries, i, e)
	s.scores[e.member] = e.score
}

func (s *sortedSet) remove(member string) bool {
	score, ok := s.scores[member]
	if !ok {
		return false
	}
	i, _ := slices.BinarySearchFunc(s.entries, entry{score, member}, entry.compare)
	s.entries = slices.Delete(s.entries, i, i+1)
	delete(s.scores, member)
	return true
}

// upTo is how many have that score at most.
func (s *sortedSet) upTo(most string) (n int, ok bool) {
	score, err := strconv.ParseFloat(most, 64)
	if err != nil {
		return 0, false
	}
	n, _ = slices.BinarySearchFunc(s.entries, math.Nextafter(score, math.Inf(1)), func(e entry, score float64) int {
		return cmp.Compare(e.score, score)
	})
	return n, true
}

// part is from the first to the last, of which negative ones count from the end.
func (s *sortedSet) part(first, last int) []entry {
	n := len(s.entries)
	if first < 0 {
		first = max(first+n, 0)
	}
	if last < 0 {
		last += n
	}
	if last = min(last, n-1); first > last {
		return nil
	}
	return s.entries[first : last+1]
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}
