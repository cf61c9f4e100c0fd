//go:build unix

package bench

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// A service has data of its own, so the collector runs far less often than in a program without
// any, where it would be a large part of what is measured. This is as if there were 32 MB.
func init() { debug.SetGCPercent(1600) }

// inTurns measures each way in turns with the same by hand, a batch of calls each, so that what disturbs the machine meets both,
// and reports the median ratio as x-hand. The ratio is of processor time, which other programs disturb least.
func inTurns(b *testing.B, ways []way, open func(*testing.B, way) call) {
	const batch = 100
	for _, w := range ways {
		b.Run("way="+w.name, func(b *testing.B) {
			hand, own := open(b, ways[0]), open(b, w)
			must := func(c call) {
				if err := c(); err != nil {
					b.Fatal(err)
				}
			}
			must(hand)
			must(own)
			var (
				ratios        []float64
				byHand, began time.Duration
			)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%batch == 0 {
					b.StopTimer()
					start := processorTime()
					for range batch {
						must(hand)
					}
					byHand = processorTime() - start
					b.StartTimer()
					began = processorTime()
				}
				must(own)
				if i%batch == batch-1 {
					ratios = append(ratios, float64(processorTime()-began)/float64(byHand))
				}
			}
			if len(ratios) > 0 {
				slices.Sort(ratios)
				b.ReportMetric(ratios[len(ratios)/2], "x-hand")
			}
		})
	}
}

// processorTime is what this process has used of the processors.
func processorTime() time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		panic(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// BenchmarkMemory is a call whose answer comes from memory.
func BenchmarkMemory(b *testing.B) {
	inTurns(b, answeredWays, func(b *testing.B, w way) call {
		return w.open(b, target{baseURL: "https://api.example.com", transport: newMemory(false)})
	})
}

// BenchmarkRefusedOnce is a call that is refused at first and retried without a wait, beside the
// two calls that somebody makes by hand. (resty cannot be told to retry without one.)
func BenchmarkRefusedOnce(b *testing.B) {
	withoutResty := slices.DeleteFunc(slices.Clone(ways), func(w way) bool { return w.name == "resty" })
	inTurns(b, withoutResty, func(b *testing.B, w way) call {
		once := w.open(b, target{baseURL: "https://api.example.com", transport: newMemory(true), atOnce: true})
		if w.name != "hand" {
			return once
		}
		return func() error {
			if err := once(); err == nil {
				b.Error("the first call got a link, want a refusal")
			}
			return once()
		}
	})
}

// BenchmarkLoopback is a call to a server on loopback in the same process.
func BenchmarkLoopback(b *testing.B) {
	srv := newService(0, 0)
	defer srv.stop()
	inTurns(b, answeredWays, func(b *testing.B, w way) call { return w.open(b, target{baseURL: srv.URL}) })
}

// BenchmarkConnections is 10,000 calls from 64 goroutines to a server that takes a millisecond.
func BenchmarkConnections(b *testing.B) { underLoad(b, 64, 10_000, time.Millisecond, 0) }

// BenchmarkDrain is a hundred calls from ten goroutines to a server that takes twenty a second and
// says so. The ideal is four seconds: the last twenty leave as the fifth second begins.
func BenchmarkDrain(b *testing.B) { underLoad(b, 10, 100, 0, 20) }

// underLoad has each way make calls to a server of its own, and reports the connections that they
// open, the requests that the server refuses and the calls that fail.
func underLoad(b *testing.B, goroutines, calls int64, delay time.Duration, limit int) {
	for _, w := range ways {
		b.Run("way="+w.name, func(b *testing.B) {
			var opened, refused, failed int64
			for b.Loop() {
				srv := newService(delay, limit)
				failed += fromMany(goroutines, calls, w.open(b, target{baseURL: srv.URL}))
				connections, refusals := srv.stop()
				opened += connections
				refused += refusals
			}
			b.ReportMetric(float64(opened)/float64(b.N), "conns/op")
			b.ReportMetric(float64(refused)/float64(b.N), "refused/op")
			b.ReportMetric(float64(failed)/float64(b.N), "failed/op")
		})
	}
}

// fromMany has that many goroutines make the calls between them and returns how many failed.
func fromMany(goroutines, calls int64, do call) int64 {
	var (
		wg           sync.WaitGroup
		left, failed atomic.Int64
	)
	left.Store(calls)
	for range goroutines {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if do() != nil {
					failed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	return failed.Load()
}

// The client adds little to a program that makes one call; -v prints the sizes. What adds much is usually a package with
// initialisers, or one that uses reflection so that the linker must keep methods: go build -ldflags=-dumpdep shows which.
func TestBinaryGrowsLittle(t *testing.T) {
	const most = 1.06
	size := map[string]float64{}
	for _, way := range []string{"hand", "adminportal"} {
		program := filepath.Join(t.TempDir(), way)
		if out, err := exec.Command("go", "build", "-o", program, "./testdata/onecall/"+way).CombinedOutput(); err != nil {
			t.Fatalf("go build: %v\n%s", err, out)
		}
		info, err := os.Stat(program)
		if err != nil {
			t.Fatal(err)
		}
		size[way] = float64(info.Size())
	}
	ratio := size["adminportal"] / size["hand"]
	t.Logf("bytes of a program with one call: %.0f, %.3f times the same by hand", size["adminportal"], ratio)
	if ratio > most {
		t.Errorf("a program with one call has %.3f times the bytes of the same by hand, want at most %v", ratio, most)
	}
}
