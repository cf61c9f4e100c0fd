package fleetsim

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/redislimit"
)

// A fleet is a simulation under way.
type fleet struct {
	Scenario
	service *service
	store   *store
	tally   *tally
	wg      sync.WaitGroup

	mu       sync.Mutex
	replicas []*replica
}

// A replica is one process: the real client, the real limiter, callers.
type replica struct {
	fleet  *fleet
	portal *client.Client
	rdb    *redis.Client
	busy   chan struct{} // as many as the queue holds

	calls, life context.Context // both end with the process, which may send its callers away before
	stop, kill  context.CancelFunc
	done        sync.WaitGroup
}

// Run simulates a scenario. It must be called in a synctest bubble, and leaves no
// goroutine there.
func Run(s Scenario) (Result, error) {
	began := time.Now()
	t := &tally{from: began.Add(window), to: began.Add((1 + measured) * window), trips: map[any]int{}}
	f := &fleet{
		Scenario: s, tally: t, store: newStore(),
		service:  &service{limit: s.budget(), fixed: s.Fixed, began: began, tally: t},
		replicas: make([]*replica, s.Replicas),
	}
	if s.Skew {
		f.service.ahead = -37 * time.Second
		f.store.set(-time.Hour)
	}
	for i := range s.Replicas {
		f.start(i)
	}
	ctx, cancel := context.WithDeadline(context.Background(), t.to)
	defer cancel()
	for _, happens := range []struct {
		does bool
		what func(context.Context)
	}{{s.Crashes, f.crash}, {s.Deploy, f.deploy}, {s.Skew, f.setClock}, {s.Outage, f.outage}, {s.Neighbor != none, f.neighbor}} {
		if happens.does {
			f.wg.Go(func() { happens.what(ctx) })
		}
	}
	<-ctx.Done()
	f.wg.Wait()
	for _, r := range f.replicas {
		f.wg.Go(func() { r.end(false) })
	}
	f.wg.Wait()
	return f.result()
}

// start makes a replica for the ith place of the fleet.
func (f *fleet) start(i int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := &replica{
		fleet: f, busy: make(chan struct{}, f.queue()),
		rdb: redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379"}), // its commands end in the hook
	}
	r.life, r.kill = context.WithCancel(context.Background())
	r.calls, r.stop = context.WithCancel(r.life)
	opts := []client.Option{client.WithHTTPClient(&http.Client{Transport: r}), client.WithDialect(client.DialectGenerateLink)}
	if f.Shared {
		r.rdb.AddHook(&wire{f.store, f.tally, r.life})
		opts = append(opts, client.WithLimiter(redislimit.New(r.rdb, "fleet", f.limit(), window, redislimit.WithReplicas(f.Replicas))))
	}
	var err error
	if r.portal, err = client.New("sk_simulated", opts...); err != nil {
		f.tally.fail(err)
	}
	r.done.Go(r.work)
	f.replicas[i] = r
}

// work is a replica's life: callers come at random, and more of them than the queue
// holds are turned away.
func (r *replica) work() {
	for sleep(r.calls, exp(r.fleet.interval())) == nil {
		select {
		case r.busy <- struct{}{}:
			r.done.Go(func() {
				r.call()
				<-r.busy
			})
		default:
			r.fleet.tally.count(&r.fleet.tally.away)
		}
	}
}

func (r *replica) call() {
	ctx, cancel := context.WithTimeout(r.calls, patience)
	defer cancel()
	if rand.Float64() < leave {
		defer time.AfterFunc(between(0, patience), cancel).Stop()
	}
	began := time.Now()
	r.fleet.tally.count(&r.fleet.tally.begun)
	_, err := r.portal.GeneratePortalLink(ctx, client.PortalLinkRequest{Organization: "org_01EHWNCE74X7JSDV0X3SZ3KJNY", Intent: client.IntentSSO})
	switch {
	case r.calls.Err() != nil: // the process has ended, and nobody heard
	case err == nil, errors.Is(err, client.ErrRateLimited), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		r.fleet.tally.end(began, err == nil)
	default:
		r.fleet.tally.fail(err)
	}
}

// RoundTrip is the way to the service and back: 10 ms at least, and three times that on
// average.
func (r *replica) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		_ = req.Body.Close() // nothing of it is read
	}
	latency := func() time.Duration {
		return min(10*time.Millisecond+exp(20*time.Millisecond), 500*time.Millisecond)
	}
	if err := sleep(req.Context(), latency()); err != nil {
		return nil, err
	}
	resp := r.fleet.service.answer()
	resp.Request = req
	return resp, sleep(req.Context(), latency())
}

// end ends a process: at once, or after it has told Redis what it needs no more.
func (r *replica) end(killed bool) {
	if killed {
		r.kill()
	}
	r.stop()
	r.done.Wait()
	time.Sleep(time.Second)
	r.kill()
	_ = r.rdb.Close()
}

// replace ends the ith replica and starts another in its place.
func (f *fleet) replace(i int, killed bool, pause time.Duration) {
	f.wg.Go(func() {
		f.mu.Lock()
		r := f.replicas[i]
		f.mu.Unlock()
		r.end(killed)
		time.Sleep(pause)
		f.start(i)
	})
}

func (f *fleet) crash(ctx context.Context) {
	order := rand.Perm(f.Replicas)
	for k := 0; sleep(ctx, window/time.Duration(max(f.Replicas/5, 1))) == nil; k++ {
		f.replace(order[k%len(order)], true, 4*time.Second)
	}
}

func (f *fleet) deploy(ctx context.Context) {
	_ = sleep(ctx, event())
	for i := range f.Replicas {
		f.replace(i, false, 0)
		_ = sleep(ctx, window/time.Duration(f.Replicas))
	}
}

// setClock does what an NTP daemon does to Redis's host.
func (f *fleet) setClock(ctx context.Context) {
	_ = sleep(ctx, event())
	f.store.set(-time.Hour - 20*time.Second)
}

func (f *fleet) outage(ctx context.Context) {
	_ = sleep(ctx, event())
	f.store.away(true)
	_ = sleep(ctx, window)
	f.store.away(false)
}

// neighbor asks rather evenly, minds no header, and drops what is refused.
func (f *fleet) neighbor(ctx context.Context) {
	apart := window * 5 / time.Duration(f.budget())
	for sleep(ctx, between(apart, apart*6/5)) == nil {
		f.service.take(false)
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err()
}
