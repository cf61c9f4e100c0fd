package redislimit

import (
	"testing"
	"time"
)

// What was heard of the fleet counts until it is a span old, and the rest is shared.
func TestLocalTakesOver(t *testing.T) {
	for _, test := range []struct {
		name            string
		limit, replicas int
		heard           []int64         // in each tenth of the last minute
		want            []time.Duration // when the next attempts go
	}{
		{"nothing heard", 10, 5, nil, []time.Duration{0, 0, time.Minute, time.Minute, 2 * time.Minute}},
		{"all used just now", 10, 5, []int64{10}, []time.Duration{61 * time.Second, 61 * time.Second, 121 * time.Second}},
		{"half used a while ago", 10, 5, []int64{0, 0, 0, 5}, []time.Duration{0, 43 * time.Second, time.Minute}},
		{"a full budget comes back", 10, 5, []int64{0, 5, 0, 0, 0, 5}, []time.Duration{31 * time.Second, 55 * time.Second}},
		{"alone", 3, 1, []int64{1}, []time.Duration{0, 0, time.Minute, time.Minute}},
		{"more replicas than limit", 10, 40, nil, []time.Duration{0, 4 * time.Minute}},
		{"more replicas than limit, and others were heard", 10, 40, []int64{0, 1}, []time.Duration{55 * time.Second, 295 * time.Second}},
		{"very many replicas", 1, 1 << 62, nil, []time.Duration{0}},
	} {
		t.Run(test.name, func(t *testing.T) {
			now := time.Now()
			l := newLocal(test.limit, time.Minute, test.replicas)
			if test.heard != nil {
				heard := make([]int64, tenths)
				copy(heard, test.heard)
				l.hear(heard, now, time.Second)
			}
			at := now
			for i, want := range test.want {
				for next := l.take(at); !next.Equal(at); next = l.take(at) {
					at = next
				}
				if got := at.Sub(now); got != want {
					t.Errorf("attempt %d may go after %v, want %v", i+1, got, want)
				}
			}
		})
	}
}
