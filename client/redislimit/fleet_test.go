package redislimit_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/adminportal-go/adminportal/client/redislimit"
)

// replicaEnv holds the orders of a process of the fleet.
const replicaEnv = "REDISLIMIT_TEST_REPLICA"

type orders struct {
	Redis, Server string
	Limit         int
	Window        time.Duration
	Callers       int
}

// A counter is a server that allows limit attempts in any span of window, refuses
// the rest, and says that it is enough when it has had what it wants. Its protocol
// is a line each way, so that four processes with the race detector do not fight
// for the processor as they would over HTTP.
type counter struct {
	limit  int
	window time.Duration
	wants  int
	full   chan struct{}

	mu      sync.Mutex
	seen    tally
	refused int
	longest time.Duration // from a turn until it was counted here
}

func (c *counter) serve(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer conn.Close()
				for lines := bufio.NewScanner(conn); lines.Scan(); {
					fmt.Fprintln(conn, c.count(lines.Text()))
				}
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		wg.Wait() // all clients are gone by now
	})
	return l.Addr().String()
}

func (c *counter) count(turn string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if at, err := time.Parse(time.RFC3339Nano, turn); err == nil {
		c.longest = max(c.longest, now.Sub(at))
	}
	recent := 0
	for i := len(c.seen.times) - 1; i >= 0 && now.Sub(c.seen.times[i]) < c.window; i-- {
		recent++
	}
	switch {
	case len(c.seen.times) == c.wants:
		return "enough"
	case recent >= c.limit:
		c.refused++
		return "refused"
	}
	c.seen.times = append(c.seen.times, now)
	if len(c.seen.times) == c.wants {
		close(c.full)
	}
	return "counted"
}

func (c *counter) counted() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.seen.times)
}

// replica is a process with several callers who take attempts until the server has
// had enough.
func replica() error {
	var o orders
	if err := json.Unmarshal([]byte(os.Getenv(replicaEnv)), &o); err != nil {
		return err
	}
	rdb := redis.NewClient(&redis.Options{Addr: o.Redis})
	limiter := redislimit.New(rdb, "fleet", o.Limit, o.Window,
		redislimit.WithFallback(redislimit.FailClosed), redislimit.WithTimeout(10*time.Second))
	ended := make(chan error, o.Callers)
	for range o.Callers {
		go func() { ended <- call(limiter, o.Server) }()
	}
	return <-ended // the first has heard that it is enough; the others wait for nothing
}

func call(limiter *redislimit.Limiter, server string) error {
	conn, err := net.Dial("tcp", server)
	if err != nil {
		return err
	}
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	for lines.Text() != "enough" {
		if err := limiter.Wait(context.Background()); err != nil {
			return err
		}
		fmt.Fprintln(conn, time.Now().Format(time.RFC3339Nano))
		if !lines.Scan() {
			return errors.New("the server has gone")
		}
	}
	return nil
}

// fleet is a server, and processes that can be killed and started again.
type fleet struct {
	t      *testing.T
	orders string
	rdb    *redis.Client
	server *counter
	cmds   []*exec.Cmd
}

func newFleet(t *testing.T, size, limit, wants int, window time.Duration) *fleet {
	t.Helper()
	addr := redisServer(t)
	f := &fleet{
		t: t, rdb: connect(t, addr), cmds: make([]*exec.Cmd, size),
		server: &counter{limit: limit, window: window, wants: wants, full: make(chan struct{})},
	}
	o, err := json.Marshal(orders{Redis: addr, Server: f.server.serve(t), Limit: limit, Window: window, Callers: 30})
	if err != nil {
		t.Fatal(err)
	}
	f.orders = string(o)
	for i := range f.cmds {
		f.start(i)
	}
	t.Cleanup(func() {
		for i := range f.cmds {
			f.kill(i)
		}
	})
	return f
}

func (f *fleet) start(i int) {
	f.t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), replicaEnv+"="+f.orders)
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	f.cmds[i] = cmd
}

func (f *fleet) kill(i int) {
	if err := f.cmds[i].Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		f.t.Error(err)
	}
	_ = f.cmds[i].Wait()
}

// watch waits while it looks at the log, and reports whether the server has had
// enough meanwhile.
func (f *fleet) watch(d time.Duration) bool {
	f.t.Helper()
	for end := time.After(d); ; {
		select {
		case <-f.server.full:
			return true
		case <-end:
			return false
		case <-time.After(200 * time.Millisecond):
		}
		firm, err := f.rdb.ZRangeWithScores(f.t.Context(), key("fleet", "firm"), 0, -1).Result()
		if err != nil {
			f.t.Fatal(err)
		}
		var turns tally
		for _, turn := range firm {
			turns.times = append(turns.times, time.UnixMicro(int64(turn.Score)))
		}
		if busiest := turns.busiest(f.server.window); busiest > f.server.limit {
			f.t.Errorf("Redis has %d turns in a span, want at most %d", busiest, f.server.limit)
		}
	}
}

// drained waits until the server has had what it wants, and holds the fleet to it.
// That the server refuses nothing is promised as long as the way to it takes no
// more than the slack; where the machine is too busy for that, the log alone tells.
func (f *fleet) drained(most time.Duration) {
	f.t.Helper()
	if !f.watch(30 * time.Second) {
		f.t.Fatalf("the server has seen %d attempts of %d after 30 s", f.server.counted(), f.server.wants)
	}
	f.server.mu.Lock()
	defer f.server.mu.Unlock()
	took, way := f.server.seen.took(), f.server.longest
	f.t.Logf("%d attempts in %v, busiest span %d, refused %d; the longest way from a turn to the server %v",
		f.server.seen.len(), took, f.server.seen.busiest(f.server.window), f.server.refused, way)
	complain := f.t.Errorf
	if way > 20*time.Millisecond {
		complain = f.t.Logf
	}
	if f.server.refused != 0 {
		complain("the server refused %d attempts, want none", f.server.refused)
	}
	if took > most {
		complain("the fleet took %v, want at most %v", took, most)
	}
}

// Four processes, 400 attempts, 100 per 2 s: 6 s is ideal.
func TestFourProcessesAreNeverRefused(t *testing.T) {
	f := newFleet(t, 4, 100, 400, 2*time.Second)
	f.drained(6600 * time.Millisecond)
}

// What a killed process had been given ahead is not lost for long, and what it had
// used stays used.
func TestKilledProcesses(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 4, 100, 400, 2*time.Second)
	for range 5 {
		if f.watch(400*time.Millisecond + rand.N(600*time.Millisecond)) { // whenever
			t.Fatal("drained before five were killed")
		}
		i := rand.IntN(len(f.cmds))
		f.kill(i)
		f.start(i)
	}
	f.drained(10 * time.Second)
}

// A process that stood still does not take turns that are over.
func TestStoppedProcess(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2, 50, 200, 2*time.Second)
	eventually(t, "the budget is spent", func() bool { return f.server.counted() == 50 })
	f.watch(1700 * time.Millisecond) // the next turns are firm by now
	f.server.mu.Lock()
	before := f.server.longest
	f.server.mu.Unlock()
	if err := f.cmds[0].Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	f.watch(1200 * time.Millisecond)
	if err := f.cmds[0].Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	f.server.mu.Lock()
	f.server.longest = before // that a process stood still is no excuse, and a busy machine remains one
	f.server.mu.Unlock()
	f.drained(10 * time.Second)
}

// key is a key of the limiter of that name.
func key(name, part string) string {
	keys := redislimit.Keys(name)
	for _, key := range keys {
		if strings.HasSuffix(key, ":"+part) {
			return key
		}
	}
	panic("no key " + part)
}
