package fleetsim

import (
	"context"
	"errors"
	"fmt"
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
	began    time.Time
	from, to time.Time // what is measured
	service  *service
	store    *store
	tally    *tally
	random   *locked

	wg       sync.WaitGroup
	mu       sync.Mutex
	replicas []*replica
	born     uint64
}

// A replica is one process: the real client, the real limiter, callers.
type replica struct {
	fleet  *fleet
	portal *client.Client
	rdb    *redis.Client
	wire   *wire
	random *locked
	busy   chan struct{} // as many as the queue holds

	ctx  context.Context
	stop context.CancelFunc
	done sync.WaitGroup
}

// Run simulates a scenario. It must be called in a synctest bubble, and leaves no
// goroutine there.
func Run(s Scenario) (Result, error) {
	began := time.Now()
	from := began.Add(window)
	f := &fleet{
		Scenario: s, began: began, from: from, to: from.Add(measured * window),
		store:  newStore(),
		random: newRandom(seed, uint64(s.Replicas)),
	}
	f.service = newService(s, f.from, f.to)
	f.tally = newTally(f.from, f.to)
	if err := f.store.start(); err != nil {
		return Result{}, err
	}
	if s.Skew {
		f.store.set(-time.Hour)
	}
	for i := range s.Replicas {
		if err := f.start(i); err != nil {
			return Result{}, err
		}
	}
	ctx, cancel := context.WithDeadline(context.Background(), f.to)
	defer cancel()
	for _, happens := range []struct {
		does bool
		what func(context.Context) error
	}{
		{s.Crashes, f.crash}, {s.Deploy, f.deploy}, {s.Skew, f.setClock}, {s.Outage, f.outage},
		{s.Neighbor != none, f.neighbor},
	} {
		if happens.does {
			f.wg.Go(func() {
				if err := happens.what(ctx); err != nil {
					f.tally.fail(err)
				}
			})
		}
	}
	<-ctx.Done()
	f.wg.Wait()
	for _, r := range f.replicas {
		f.wg.Go(func() { r.end(false) })
	}
	f.wg.Wait()
	f.store.redis.Close()
	return f.result()
}

// seed is where all chance of ours begins; the client's and the scheduler's is their
// own.
const seed = 7

// start makes a replica for the ith place of the fleet.
func (f *fleet) start(i int) error {
	f.mu.Lock()
	f.born++
	born := f.born
	f.mu.Unlock()
	r := &replica{
		fleet: f, random: newRandom(seed, born<<32|uint64(f.Replicas)),
		busy: make(chan struct{}, f.queue()),
	}
	r.wire = &wire{random: r.random, began: f.began, tally: f.tally}
	if f.Skew {
		r.wire.ahead = r.random.between(-time.Hour, time.Hour)
		r.wire.drift = (2*r.random.float() - 1) * 200e-6
	}
	opts := []client.Option{
		client.WithHTTPClient(&http.Client{Transport: r}),
		client.WithDialect(client.DialectGenerateLink),
	}
	if f.Shared {
		r.rdb = redis.NewClient(&redis.Options{
			Addr: "127.0.0.1:6379", Dialer: f.store.dial, // a name would be looked up, outside the simulation
		})
		r.rdb.AddHook(r.wire)
		opts = append(opts, client.WithLimiter(redislimit.New(r.rdb, "fleet", f.limit(), window,
			redislimit.WithReplicas(f.Replicas))))
	}
	var err error
	if r.portal, err = client.New("sk_simulated", opts...); err != nil {
		return err
	}
	r.ctx, r.stop = context.WithCancel(context.Background())
	r.done.Go(r.work)
	f.mu.Lock()
	defer f.mu.Unlock()
	if i < len(f.replicas) {
		f.replicas[i] = r
	} else {
		f.replicas = append(f.replicas, r)
	}
	return nil
}

// work is a replica's life: callers come as they like, and more of them than the
// queue holds are turned away.
func (r *replica) work() {
	for {
		timer := time.NewTimer(r.random.exp(r.fleet.interval()))
		select {
		case <-timer.C:
		case <-r.ctx.Done():
			timer.Stop()
			return
		}
		select {
		case r.busy <- struct{}{}:
			r.done.Go(func() {
				r.call()
				<-r.busy
			})
		default:
			r.fleet.tally.turnedAway()
		}
	}
}

func (r *replica) call() {
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	if r.random.float() < leave {
		defer time.AfterFunc(r.random.between(0, patience), cancel).Stop()
	}
	began := time.Now()
	r.fleet.tally.begin(began)
	_, err := r.portal.GeneratePortalLink(ctx, client.PortalLinkRequest{
		Organization: "org_01EHWNCE74X7JSDV0X3SZ3KJNY", Intent: client.IntentSSO,
	})
	if r.ctx.Err() != nil {
		return // the process has ended, and nobody heard
	}
	switch {
	case err == nil, errors.Is(err, client.ErrRateLimited), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, context.Canceled):
		r.fleet.tally.end(began, time.Since(began), err == nil)
	default:
		r.fleet.tally.fail(err)
	}
}

// RoundTrip is the way to the service and back.
func (r *replica) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		_ = req.Body.Close() // nothing of it is read
	}
	if r.wire.gone() {
		return nil, errDead
	}
	if err := sleep(req.Context(), r.latency()); err != nil {
		return nil, err
	}
	resp := r.fleet.service.answer()
	if err := sleep(req.Context(), r.latency()); err != nil {
		return nil, err
	}
	resp.Request = req
	return resp, nil
}

// latency is 10 ms at least, and three times that in the long run.
func (r *replica) latency() time.Duration {
	return min(10*time.Millisecond+r.random.exp(20*time.Millisecond), 500*time.Millisecond)
}

// end is the end of a process: killed at once, or after it has told Redis what it
// does not need any more.
func (r *replica) end(killed bool) {
	if killed {
		r.wire.kill()
	}
	r.stop()
	r.done.Wait()
	if r.rdb != nil {
		if !killed {
			time.Sleep(time.Second) // what the last of its callers gives back
		}
		_ = r.rdb.Close() // whatever came of it
	}
}

// replace ends the ith replica and starts another in its place.
func (f *fleet) replace(i int, killed bool, pause time.Duration) error {
	f.mu.Lock()
	r := f.replicas[i]
	f.mu.Unlock()
	r.end(killed)
	time.Sleep(pause)
	return f.start(i)
}

func (f *fleet) crash(ctx context.Context) error {
	order := f.shuffled()
	every := window / time.Duration(max(f.Replicas/5, 1))
	for k := 0; sleep(ctx, every) == nil; k++ {
		i := order[k%len(order)]
		f.wg.Go(func() {
			if err := f.replace(i, true, 5*time.Second); err != nil {
				f.tally.fail(err)
			}
		})
	}
	return nil
}

func (f *fleet) deploy(ctx context.Context) error {
	if err := sleep(ctx, afterFour); err != nil {
		return err
	}
	every := window / time.Duration(f.Replicas)
	for i := range f.Replicas {
		f.wg.Go(func() {
			if err := f.replace(i, false, 0); err != nil {
				f.tally.fail(err)
			}
		})
		if err := sleep(ctx, every); err != nil {
			return err
		}
	}
	return nil
}

// setClock is what an NTP daemon does to Redis's host.
func (f *fleet) setClock(ctx context.Context) error {
	if err := sleep(ctx, afterFour); err != nil {
		return err
	}
	f.store.set(-time.Hour - 20*time.Second)
	return nil
}

func (f *fleet) outage(ctx context.Context) error {
	if err := sleep(ctx, afterFour); err != nil {
		return err
	}
	f.store.away(true)
	defer f.store.away(false)
	return sleep(ctx, window)
}

// neighbor is a service with another client: it asks rather evenly, minds no header,
// and drops what is refused.
func (f *fleet) neighbor(ctx context.Context) error {
	apart := window / time.Duration(f.neighborly())
	for sleep(ctx, f.random.between(apart, apart*6/5)) == nil {
		f.service.take(false)
	}
	return nil
}

func (f *fleet) shuffled() []int {
	order := make([]int, f.Replicas)
	for i := range order {
		j := int(f.random.float() * float64(i+1))
		order[i], order[j] = order[j], i
	}
	return order
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// result is what came of it.
func (f *fleet) result() (Result, error) {
	r := Result{Scenario: f.Scenario}
	if errs := f.tally.failures; len(errs) > 0 {
		return r, fmt.Errorf("%d calls failed, the first with: %w", len(errs), errs[0])
	}
	f.tally.into(&r)
	r.Refused, r.Use = f.service.refused(), f.service.use()
	return r.rounded(), nil
}
