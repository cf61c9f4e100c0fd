package faults

import (
	"context"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A network connects client and service in memory. It is a net.Listener.
type network struct {
	arriving chan net.Conn
	closed   chan struct{}
	once     sync.Once
	open     atomic.Int32 // connections that the client has not closed
}

func newNetwork() *network {
	return &network{arriving: make(chan net.Conn), closed: make(chan struct{})}
}

func (n *network) Accept() (net.Conn, error) {
	select {
	case conn := <-n.arriving:
		return conn, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

func (n *network) Close() error {
	n.once.Do(func() { close(n.closed) })
	return nil
}

func (*network) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

func (n *network) dial(ctx context.Context) (net.Conn, error) {
	near, far := net.Pipe()
	broken := new(atomic.Bool)
	client := &clientEnd{end: newEnd(near, broken), closed: sync.OnceFunc(func() { n.open.Add(-1) })}
	n.open.Add(1)
	select {
	case n.arriving <- &serverEnd{newEnd(far, broken)}:
		return client, nil
	case <-n.closed:
		_ = client.Close()
		return nil, net.ErrClosed
	case <-ctx.Done():
		_ = client.Close()
		return nil, ctx.Err()
	}
}

// An end of a connection takes what is written at once and delivers it in its own
// time, as a socket does; what the other end does not take any more is lost in
// silence. (Over a bare net.Pipe, two ends that write at the same time wait for each
// other for ever.)
type end struct {
	net.Conn
	broken *atomic.Bool // by a reset

	mu     sync.Mutex
	queue  chan []byte
	closed bool
}

func newEnd(conn net.Conn, broken *atomic.Bool) *end {
	const plenty = 1 << 12 // writes; no cell makes as many
	e := &end{Conn: conn, broken: broken, queue: make(chan []byte, plenty)}
	go func() {
		for b := range e.queue {
			_, _ = conn.Write(b)
		}
		_ = conn.Close()
	}()
	return e
}

func (e *end) Write(b []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return 0, net.ErrClosed
	}
	e.queue <- append([]byte(nil), b...)
	return len(b), nil
}

// Close delivers what was written first.
func (e *end) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return net.ErrClosed
	}
	e.closed = true
	close(e.queue)
	return nil
}

// What has been written leaves, whatever happens to the writer.
func (*end) SetWriteDeadline(time.Time) error { return nil }
func (e *end) SetDeadline(t time.Time) error  { return e.SetReadDeadline(t) }

// A clientEnd is open until the client closes it, and reads a reset where the server's
// end was reset.
type clientEnd struct {
	*end
	closed func()
}

func (c *clientEnd) Read(b []byte) (int, error) {
	n, err := c.end.Read(b)
	if err != nil && c.broken.Load() {
		err = &net.OpError{Op: "read", Net: "tcp", Addr: c.RemoteAddr(), Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	}
	return n, err
}

func (c *clientEnd) Close() error {
	c.closed()
	_ = c.SetReadDeadline(time.Unix(1, 0)) // whoever reads is to stop
	return c.end.Close()
}

type serverEnd struct{ *end }

// reset is a Close after which the client reads a reset instead of an end.
func (e *serverEnd) reset() {
	e.broken.Store(true)
	_ = e.Close()
}
