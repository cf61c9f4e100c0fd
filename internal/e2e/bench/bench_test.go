//go:build unix

package bench

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// A service has data of its own, so the collector runs far less often than in a program
// without any, where it would be a large part of what is measured.
var live = make([]byte, 32<<20)

func TestMain(m *testing.M) {
	code := m.Run()
	runtime.KeepAlive(live)
	os.Exit(code)
}

// inTurns measures each way in turns with the same by hand, a batch of calls each, so
// that what disturbs the machine meets both, and reports the median ratio as x-hand. The
// ratio is of processor time, which other programs disturb least.
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
	inTurns(b, ways, func(b *testing.B, w way) call {
		return w.open(b, target{baseURL: "https://api.example.com", transport: &memory{body: linkBody()}})
	})
}

// BenchmarkRefusedOnce is a call that is refused at first and retried without a wait,
// beside the two calls that somebody makes by hand. (resty cannot be told to retry
// without one.)
func BenchmarkRefusedOnce(b *testing.B) {
	without := func(name string) []way {
		return slices.DeleteFunc(slices.Clone(ways), func(w way) bool { return w.name == name })
	}
	inTurns(b, without("resty"), func(b *testing.B, w way) call {
		once := w.open(b, target{baseURL: "https://api.example.com", transport: &memory{body: linkBody(), refuseOdd: true}, atOnce: true})
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
	var srv service
	srv.start(b)
	defer srv.stop()
	inTurns(b, ways, func(b *testing.B, w way) call { return w.open(b, target{baseURL: srv.URL}) })
}

// BenchmarkConnections is 10,000 calls from 64 goroutines to a server that takes a
// millisecond, and the connections that they open.
func BenchmarkConnections(b *testing.B) {
	for _, w := range ways {
		b.Run("way="+w.name, func(b *testing.B) {
			var opened, failed int64
			for b.Loop() {
				srv := service{delay: time.Millisecond}
				srv.start(b)
				failed += fromMany(64, 10_000, w.open(b, target{baseURL: srv.URL}))
				opened += srv.connections.Load()
				srv.stop()
			}
			b.ReportMetric(float64(opened)/float64(b.N), "conns/op")
			b.ReportMetric(float64(failed)/float64(b.N), "failed/op")
		})
	}
}

// BenchmarkDrain is a hundred calls from ten goroutines to a server that takes twenty
// a second and says so. The ideal is four seconds: the last twenty leave as the fifth
// second begins.
func BenchmarkDrain(b *testing.B) {
	for _, w := range ways {
		b.Run("way="+w.name, func(b *testing.B) {
			var refused, failed int64
			for b.Loop() {
				srv := service{limit: 20}
				srv.start(b)
				failed += fromMany(10, 100, w.open(b, target{baseURL: srv.URL}))
				refused += int64(srv.refused)
				srv.stop()
			}
			b.ReportMetric(float64(refused)/float64(b.N), "refused/op")
			b.ReportMetric(float64(failed)/float64(b.N), "failed/op")
		})
	}
}

// fromMany has that many goroutines make the calls between them and returns how many
// failed.
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

// BenchmarkBinary is the size of a program that makes one call. Its time is the
// linker's and says nothing.
func BenchmarkBinary(b *testing.B) {
	for _, way := range []string{"hand", "adminportal"} {
		b.Run("way="+way, func(b *testing.B) {
			for b.Loop() {
				b.ReportMetric(programSize(b, way), "B/binary")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// The client adds little to a program that makes one call. What adds much is usually a
// package with initialisers, or one that uses reflection so that the linker must keep
// methods: go build -ldflags=-dumpdep shows which.
func TestBinaryGrowsLittle(t *testing.T) {
	const most = 1.06
	hand, own := programSize(t, "hand"), programSize(t, "adminportal")
	if own > most*hand {
		t.Errorf("a program with one call has %.0f bytes, %.3f times the %.0f by hand, want at most %v times", own, own/hand, hand, most)
	}
}

// programSize builds the program in testdata/onecall and returns its size in bytes.
func programSize(tb testing.TB, way string) float64 {
	tb.Helper()
	program := filepath.Join(tb.TempDir(), way)
	if out, err := exec.Command("go", "build", "-o", program, "./testdata/onecall/"+way).CombinedOutput(); err != nil {
		tb.Fatalf("go build: %v\n%s", err, out)
	}
	info, err := os.Stat(program)
	if err != nil {
		tb.Fatal(err)
	}
	return float64(info.Size())
}
