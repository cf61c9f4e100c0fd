package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// A source lists icons and counts how often it is asked.
type source struct {
	icons []client.ProviderIcon
	asked atomic.Int64
}

func (s *source) ListProviderIcons(context.Context) ([]client.ProviderIcon, error) {
	s.asked.Add(1)
	time.Sleep(20 * time.Millisecond) // as far away as a server: the rest come meanwhile
	return s.icons, nil
}

func newSource() *source {
	s := new(source)
	for _, id := range []string{"adp", "apple", "auth0", "azure", "cas", "cloudflare", "duo", "google", "jumpcloud", "keycloak", "microsoft", "okta", "onelogin", "salesforce", "slack", "xero"} {
		s.icons = append(s.icons, client.ProviderIcon{ID: id, Name: id, IconURL: "https://cdn.example.com/" + id + ".svg"})
	}
	return s
}

var errNoIcon = errors.New("found no icon")

// measureCatalog has a thousand goroutines look up an icon in an empty catalog, and
// then compares a lookup with a read of a map.
func measureCatalog(r *report, rounds int) error {
	const goroutines, key = 1000, "okta"
	src := newSource()
	catalog := client.NewIconCatalog(src)
	var (
		wg     sync.WaitGroup
		failed atomic.Int64
		begin  = make(chan struct{})
	)
	for range goroutines {
		wg.Go(func() {
			<-begin
			if _, ok, err := catalog.Lookup(background, key); !ok || err != nil {
				failed.Add(1)
			}
		})
	}
	close(begin)
	wg.Wait()
	if failed.Load() > 0 {
		return errNoIcon
	}

	byID := make(map[string]client.ProviderIcon)
	for _, icon := range src.icons {
		byID[icon.ID] = icon
	}
	samples, err := inTurns(rounds, brisk, cpuTime,
		func(n int) error {
			var icon client.ProviderIcon
			for range n {
				if icon = byID[key]; icon.ID != key {
					return errNoIcon
				}
			}
			return nil
		},
		func(n int) error {
			for range n {
				icon, ok, err := catalog.Lookup(background, key)
				if !ok || err != nil || icon.ID != key {
					return errNoIcon
				}
			}
			return nil
		})
	if err != nil {
		return err
	}
	read, lookup := median(samples[0]), median(samples[1])
	share := against(samples[1], samples[0])
	r.keep("Icon/way=map", samples[0])
	r.keep("Icon/way=catalog", samples[1])
	r.add(section{
		title:   "Icons",
		remark:  fmt.Sprintf("Cold: %d goroutines look up one icon in an empty catalog. Warm: one lookup against one read of a Go map of the same icons by the same key; medians of %d rounds in turns.", goroutines, rounds),
		columns: []string{"", "time", "ratio", "allocations", "fetches"},
		rows: [][]string{
			{"one read of a Go map", fmt.Sprintf("%d ns", read.time.Nanoseconds()), "1.00×", fmt.Sprintf("%.0f", read.allocs), ""},
			{"catalog, warm", fmt.Sprintf("%d ns", lookup.time.Nanoseconds()), times(share), fmt.Sprintf("%.0f", lookup.allocs), "0"},
			{fmt.Sprintf("catalog, cold, %d goroutines", goroutines), "", "", "", fmt.Sprint(src.asked.Load())},
		},
	})
	r.atMost("fetches for 1,000 goroutines in an empty catalog", "%.0f", 1, float64(src.asked.Load()))
	r.atMost("a warm lookup, against one read of a Go map", "%.1f×", 10, share)
	r.atMost("allocations of a warm lookup", "%.0f", 0, lookup.allocs)
	return nil
}
