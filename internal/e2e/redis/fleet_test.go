package redis_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/adminportal-go/adminportal/client/redislimit"
	"github.com/adminportal-go/adminportal/internal/redistest"
)

var (
	redisServer, freePort = redistest.Start, redistest.FreePort
	eventually, within    = redistest.Eventually, redistest.Within
)

// TestMain makes this program one process of a fleet if the environment has orders.
func TestMain(m *testing.M) {
	logging.Disable() // Redis goes away here on purpose
	if orders := os.Getenv(ordersEnv); orders != "" {
		if err := obey(orders); err != nil {
			log.Fatal(err)
		}
		return
	}
	os.Exit(m.Run())
}

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

// A fleet is processes that share a limiter, and a service that counts attempts and
// refuses none, so that what the fleet does is all that it sees. Their protocol is a line
// each way, for the sake of the processor.
type fleet struct {
	t         *testing.T
	orders    orders
	wants     int // attempts until it is enough; 0: no end
	full      chan struct{}
	processes []*redistest.Process

	mu      sync.Mutex
	seen    []time.Time
	longest time.Duration // from a turn until it was counted here
}

func newFleet(t *testing.T, size, wants int, o orders) *fleet {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	o.Service = l.Addr().String()
	f := &fleet{t: t, orders: o, wants: wants, full: make(chan struct{})}
	go f.serve(l)
	for range size {
		f.processes = append(f.processes, f.start())
	}
	return f
}

func (f *fleet) start() *redistest.Process {
	f.t.Helper()
	text, err := json.Marshal(f.orders)
	if err != nil {
		f.t.Fatal(err)
	}
	return redistest.Run(f.t, []string{ordersEnv + "=" + string(text)}, os.Args[0], "-test.run=^$")
}

func (f *fleet) serve(l net.Listener) {
	for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
		go func() {
			defer conn.Close()
			for lines := bufio.NewScanner(conn); lines.Scan(); {
				fmt.Fprintln(conn, f.count(lines.Text()))
			}
		}()
	}
}

func (f *fleet) count(turn string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.wants > 0 && len(f.seen) == f.wants {
		return "enough"
	}
	now := time.Now()
	if at, err := time.Parse(time.RFC3339Nano, turn); err == nil {
		f.longest = max(f.longest, now.Sub(at))
	}
	f.seen = append(f.seen, now)
	if len(f.seen) == f.wants {
		close(f.full)
	}
	return "counted"
}

func (f *fleet) counted() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.seen)
}

// busiest returns the most attempts in any window that begins in that time. The lock is held.
func (f *fleet) busiest(from, to time.Time) int {
	most, first := 0, 0
	for i, at := range f.seen {
		for at.Sub(f.seen[first]) >= f.orders.Window {
			first++
		}
		if !f.seen[first].Before(from) && f.seen[first].Before(to) {
			most = max(most, i-first+1)
		}
	}
	return most
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
	f.mu.Lock()
	defer f.mu.Unlock()
	busiest := f.busiest(time.Time{}, time.Now())
	took := f.seen[len(f.seen)-1].Sub(f.seen[0])
	f.t.Logf("%d attempts in %v, at most %d in a window, the longest way to the service %v", len(f.seen), took, busiest, f.longest)
	if (busiest > f.orders.Limit || took > most) && f.longest <= 20*time.Millisecond {
		f.t.Errorf("the service saw %d attempts in a window, all in %v, want at most %d, in %v", busiest, took, f.orders.Limit, most)
	}
}

func hundred(s redistest.Server) orders {
	return orders{Redis: s.Addr, Limit: 100, Window: 2 * time.Second, Callers: 30}
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
		i := rand.IntN(len(f.processes))
		f.processes[i].Kill()
		f.processes[i] = f.start()
	}
	f.drained(10 * time.Second)
}

// A process that stood still does not use slots whose time has passed.
func TestStoppedProcess(t *testing.T) {
	o := hundred(redisServer(t))
	o.Limit = 50
	f := newFleet(t, 2, 200, o)
	eventually(t, "the budget is spent", func() bool { return f.counted() == 50 })
	time.Sleep(1700 * time.Millisecond) // the next slots are given by now
	f.processes[0].Signal(syscall.SIGSTOP)
	f.mu.Lock()
	before := f.longest
	f.mu.Unlock()
	time.Sleep(1200 * time.Millisecond)
	f.processes[0].Signal(syscall.SIGCONT)
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
