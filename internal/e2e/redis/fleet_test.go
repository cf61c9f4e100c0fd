package redis_test

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
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/adminportal-go/adminportal/client/redislimit"
)

// ordersEnv holds the orders of a process of the fleet.
const ordersEnv = "REDISLIMIT_TEST_ORDERS"

type orders struct {
	Redis    string // its address, or Sentinel's
	Master   string // its name, where Sentinel knows it
	Service  string
	Limit    int
	Window   time.Duration
	Replicas int // for the fallback; 0: fail closed
	Callers  int // in each process
}

// obey is the life of a process of the fleet: its callers take attempts until the
// service has had enough.
func obey(text string) error {
	var o orders
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	opts := []redislimit.Option{redislimit.WithReplicas(o.Replicas)}
	if o.Replicas == 0 {
		opts = append(opts, redislimit.WithFallback(redislimit.FailClosed), redislimit.WithTimeout(10*time.Second))
	}
	rdb := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: []string{o.Redis}, MasterName: o.Master})
	limiter := redislimit.New(rdb, "fleet", o.Limit, o.Window, opts...)
	ended := make(chan error)
	for range o.Callers {
		go func() { ended <- call(o, limiter) }()
	}
	return <-ended // the first has heard that it is enough; the others wait for nothing
}

func call(o orders, limiter *redislimit.Limiter) error {
	conn, err := net.Dial("tcp", o.Service)
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
			return errors.New("the service has gone")
		}
	}
	return nil
}

// A service counts attempts and refuses none, so that what the fleet does is all that it
// sees. Its protocol is a line each way, for the sake of the processor.
type service struct {
	wants int // attempts until it is enough; 0: for ever
	full  chan struct{}

	mu      sync.Mutex
	seen    []time.Time
	longest time.Duration // from a turn until it was counted here
}

func (s *service) serve(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for lines := bufio.NewScanner(conn); lines.Scan(); {
					fmt.Fprintln(conn, s.count(lines.Text()))
				}
			}()
		}
	}()
	return l.Addr().String()
}

func (s *service) count(turn string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wants > 0 && len(s.seen) == s.wants {
		return "enough"
	}
	now := time.Now()
	if at, err := time.Parse(time.RFC3339Nano, turn); err == nil {
		s.longest = max(s.longest, now.Sub(at))
	}
	s.seen = append(s.seen, now)
	if len(s.seen) == s.wants {
		close(s.full)
	}
	return "counted"
}

func (s *service) counted() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.seen)
}

// busiest returns the most attempts in any span of window that begins in that time.
func (s *service) busiest(window time.Duration, from, to time.Time) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	most, first := 0, 0
	for i, at := range s.seen {
		for at.Sub(s.seen[first]) >= window {
			first++
		}
		if !s.seen[first].Before(from) && s.seen[first].Before(to) {
			most = max(most, i-first+1)
		}
	}
	return most
}

// A fleet is a service and processes that share a limiter.
type fleet struct {
	*service
	t      *testing.T
	orders orders
	cmds   []*exec.Cmd
}

func newFleet(t *testing.T, size, wants int, o orders) *fleet {
	t.Helper()
	f := &fleet{service: &service{wants: wants, full: make(chan struct{})}, t: t, cmds: make([]*exec.Cmd, size)}
	o.Service = f.serve(t)
	f.orders = o
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
	text, err := json.Marshal(f.orders)
	if err != nil {
		f.t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), ordersEnv+"="+string(text))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	f.cmds[i] = cmd
}

func (f *fleet) kill(i int) {
	_ = f.cmds[i].Process.Kill()
	_ = f.cmds[i].Wait()
}

// drained waits until the service has had what it wants, and holds the fleet to its
// promise and to that time. On a machine so busy that an attempt needs longer to the
// service than the slack, nothing is promised.
func (f *fleet) drained(most time.Duration) {
	f.t.Helper()
	select {
	case <-f.full:
	case <-time.After(40 * time.Second):
		f.t.Fatalf("the service has seen %d attempts of %d after 40 s", f.counted(), f.wants)
	}
	busiest := f.busiest(f.orders.Window, time.Time{}, time.Now())
	f.mu.Lock()
	defer f.mu.Unlock()
	took := f.seen[len(f.seen)-1].Sub(f.seen[0])
	f.t.Logf("%d attempts in %v, at most %d in a window, the longest way to the service %v", len(f.seen), took, busiest, f.longest)
	complain := f.t.Errorf
	if f.longest > 20*time.Millisecond {
		complain = f.t.Logf
	}
	if busiest > f.orders.Limit {
		complain("the service saw %d attempts in a window, want at most %d", busiest, f.orders.Limit)
	}
	if took > most {
		complain("the fleet took %v, want at most %v", took, most)
	}
}

func hundred(s *server) orders {
	return orders{Redis: s.addr, Limit: 100, Window: 2 * time.Second, Callers: 30}
}

// Four processes, 400 attempts, 100 in 2 s: 6 s is ideal.
func TestFourProcesses(t *testing.T) {
	f := newFleet(t, 4, 400, hundred(redisServer(t)))
	f.drained(6600 * time.Millisecond)
}

// Slots that a killed process had reserved go to others, and those it had used stay used.
func TestKilledProcesses(t *testing.T) {
	f := newFleet(t, 4, 400, hundred(redisServer(t)))
	for range 3 {
		time.Sleep(400*time.Millisecond + rand.N(600*time.Millisecond)) // whenever
		i := rand.IntN(len(f.cmds))
		f.kill(i)
		f.start(i)
	}
	f.drained(9 * time.Second) // one window more than without
}

// A process that stood still does not use slots whose time has passed.
func TestStoppedProcess(t *testing.T) {
	o := hundred(redisServer(t))
	o.Limit = 50
	f := newFleet(t, 2, 200, o)
	eventually(t, "the budget is spent", func() bool { return f.counted() == 50 })
	time.Sleep(1700 * time.Millisecond) // the next slots are given by now
	if err := f.cmds[0].Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	before := f.longest
	f.mu.Unlock()
	time.Sleep(1200 * time.Millisecond)
	if err := f.cmds[0].Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond)
	f.mu.Lock()
	f.longest = before // what was under way when the process stopped is no excuse
	f.mu.Unlock()
	f.drained(10 * time.Second)
}

// A process that may use nothing but FIPS 140 works as any other.
func TestFIPS(t *testing.T) {
	t.Setenv("GODEBUG", "fips140=only")
	f := newFleet(t, 1, 3, hundred(redisServer(t)))
	f.drained(time.Second)
}
