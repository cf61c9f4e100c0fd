package faults

import (
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
	close    func()

	mu   sync.Mutex
	ends []*end // the client's
}

func newNetwork() *network {
	n := &network{arriving: make(chan net.Conn, 1<<8)} // more connections than any test opens
	n.close = sync.OnceFunc(func() { close(n.arriving) })
	return n
}

func (n *network) Accept() (net.Conn, error) {
	if conn, ok := <-n.arriving; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}

// Close also cuts all connections.
func (n *network) Close() error {
	n.close()
	for _, e := range n.all() {
		_, _ = e.Close(), e.Conn.Close()
	}
	return nil
}

// all returns the client's ends of all connections.
func (n *network) all() []*end {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.ends)
}

// open counts the connections that the client has not closed.
func (n *network) open() (count int) {
	for _, e := range n.all() {
		e.mu.Lock()
		if !e.closed {
			count++
		}
		e.mu.Unlock()
	}
	return count
}

func (*network) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

func (n *network) dial() net.Conn {
	near, far := net.Pipe()
	w := new(wire)
	client := newEnd(near, w)
	n.mu.Lock()
	n.ends = append(n.ends, client)
	n.mu.Unlock()
	n.arriving <- newEnd(far, w)
	return client
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
		e.queue <- slices.Clone(b)
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
