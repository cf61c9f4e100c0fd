// Package click measures what a click on a portal button costs over a link with a round
// trip of 50 ms and TLS 1.3: by hand, with go-retryablehttp, and with the client, cold and
// warmed. It brings the link.
//
//	go -C internal/e2e test -bench=Click -run='^$' ./click
package click
