package faults

import (
	"context"
	"net"
	"os"
	"slices"
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

	mu   sync.Mutex
	ends []*end // the client's and the server's of each connection, in turn
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

// Close also cuts all connections.
func (n *network) Close() error {
	n.once.Do(func() { close(n.closed) })
	for _, e := range n.all() {
		_, _ = e.Close(), e.Conn.Close()
	}
	return nil
}

func (n *network) all() []*end {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.ends)
}

// open counts the connections that the client has not closed.
func (n *network) open() (count int) {
	for i, e := range n.all() {
		e.mu.Lock()
		if !e.closed && i%2 == 0 {
			count++
		}
		e.mu.Unlock()
	}
	return count
}

func (*network) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

func (n *network) dial(ctx context.Context) (net.Conn, error) {
	near, far := net.Pipe()
	w := new(wire)
	client, server := newEnd(near, w), newEnd(far, w)
	n.mu.Lock()
	n.ends = append(n.ends, client, server)
	n.mu.Unlock()
	err := net.ErrClosed
	select {
	case n.arriving <- server:
		return client, nil
	case <-n.closed:
	case <-ctx.Done():
		err = ctx.Err()
	}
	_, _ = client.Close(), server.Close()
	return nil, err
}

// A wire is what the two ends of a connection share.
type wire struct {
	reset  atomic.Bool // reading ends with ECONNRESET
	silent atomic.Bool // nothing arrives any more, and nobody is told
	old    atomic.Bool // it was there before the fault
}

// An end of a connection takes what is written at once and delivers it later, as a socket
// does. (Two ends of a bare net.Pipe that write at the same time block each other.)
type end struct {
	net.Conn
	wire *wire

	mu     sync.Mutex
	queue  chan []byte
	closed bool
}

func newEnd(conn net.Conn, w *wire) *end {
	e := &end{Conn: conn, wire: w, queue: make(chan []byte, 1<<12)} // more writes than any test makes
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
	switch {
	case e.closed:
		return 0, net.ErrClosed
	case !e.wire.silent.Load():
		e.queue <- append([]byte(nil), b...)
	}
	return len(b), nil
}

func (e *end) Read(b []byte) (int, error) {
	n, err := e.Conn.Read(b)
	if err != nil && e.wire.reset.Load() {
		err = &net.OpError{Op: "read", Net: "tcp", Addr: e.RemoteAddr(), Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	}
	return n, err
}

// Close first delivers what was written, if the other end reads.
func (e *end) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return net.ErrClosed
	}
	e.closed = true
	close(e.queue)
	_ = e.SetReadDeadline(time.Unix(1, 0))
	return e.Conn.SetWriteDeadline(time.Now().Add(time.Second))
}

// A deadline does not hold for what is already written.
func (*end) SetWriteDeadline(time.Time) error { return nil }
func (e *end) SetDeadline(t time.Time) error  { return e.SetReadDeadline(t) }
