// Package bench has no code of its own. Its benchmarks make the same call in up to five ways side
// by side: by hand with net/http, the same with package client's headers, with go-retryablehttp,
// with resty, and with package client. BenchmarkClick brings a link to click over.
// docs/performance.md has the figures and says what they mean.
//
//	make bench
//
// runs them ten times over, so that the ways take turns, and prints benchstat's table. The metric
// x-hand is the time of a call as a multiple of the same call by hand, measured in turns within one
// run, which disturbances of the machine hardly change.
package bench
