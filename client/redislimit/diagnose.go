package redislimit

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// diagnose finds out why there is no answer yet, and sends the cause if there is one. A
// client of go-redis dials many times before it tells, so this dials once, beside it.
func (l *Limiter) diagnose(ctx context.Context, cause chan<- error) {
	var all []*redis.Options
	switch c := l.rdb.(type) {
	case *redis.Client:
		all = append(all, c.Options())
	case *redis.ClusterClient:
		opt := c.Options()
		for _, addr := range opt.Addrs {
			all = append(all, &redis.Options{Network: "tcp", Addr: addr, Dialer: opt.Dialer, TLSConfig: opt.TLSConfig, DialTimeout: l.timeout})
		}
	}
	var err error
	for _, opt := range all {
		if err = ping(ctx, opt, l.timeout/2, cause); err == nil || ctx.Err() != nil {
			return
		}
	}
	if err != nil {
		cause <- err
	}
}

// ping returns why a connection cannot be had, and sends it if that takes so long. The
// client tells by itself that a password is missing.
func ping(ctx context.Context, opt *redis.Options, long time.Duration, cause chan<- error) error {
	dial := opt.Dialer
	if dial == nil {
		dial = redis.NewDialer(opt)
	}
	timer := time.AfterFunc(long, func() { cause <- errors.New("no connection in time; with TLS, the port may be a plain one") })
	conn, err := dial(ctx, opt.Network, opt.Addr)
	timer.Stop()
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	_, _ = fmt.Fprint(conn, "PING\r\n")
	line, _ := bufio.NewReader(conn).ReadString('\n')
	if reason, refused := strings.CutPrefix(strings.TrimSpace(line), "-"); refused && !strings.HasPrefix(reason, "NOAUTH") {
		return errors.New(reason)
	}
	return nil
}
