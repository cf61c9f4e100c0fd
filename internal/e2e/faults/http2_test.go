package faults

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// A session is the server's side of an HTTP/2 connection, frame by frame: what a
// proper server never does is done here.
type session struct {
	cell   *cell
	conn   net.Conn
	framer *http2.Framer
	over   bool
}

// A stream is a request whose last frame has come.
type stream struct {
	*session
	id   uint32
	r    *http.Request
	body bytes.Buffer
}

func serveHTTP2(l net.Listener, c *cell) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go (&session{cell: c, conn: conn, framer: http2.NewFramer(conn, conn)}).serve()
	}
}

func (s *session) serve() {
	defer func() { _ = s.conn.Close() }()
	if _, err := io.ReadFull(s.conn, make([]byte, len(http2.ClientPreface))); err != nil {
		return
	}
	s.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	_ = s.framer.WriteSettings()
	streams := map[uint32]*stream{}
	for !s.over {
		frame, err := s.framer.ReadFrame()
		if err != nil {
			return
		}
		var ended *stream
		switch f := frame.(type) {
		case *http2.SettingsFrame:
			if !f.IsAck() {
				_ = s.framer.WriteSettingsAck()
			}
		case *http2.PingFrame:
			if !f.IsAck() {
				_ = s.framer.WritePing(true, f.Data)
			}
		case *http2.MetaHeadersFrame:
			streams[f.StreamID] = s.begin(f)
			if f.StreamEnded() {
				ended = streams[f.StreamID]
			}
		case *http2.DataFrame:
			if st := streams[f.StreamID]; st != nil {
				st.body.Write(f.Data())
				if f.StreamEnded() {
					ended = st
				}
			}
		}
		if ended != nil {
			delete(streams, ended.id)
			ended.answer()
		}
	}
	// The client is to have heard before it sees the end.
	_ = s.conn.SetReadDeadline(time.Now().Add(time.Second))
	_, _ = io.Copy(io.Discard, s.conn)
}

func (s *session) begin(f *http2.MetaHeadersFrame) *stream {
	r := httptest.NewRequest(f.PseudoValue("method"), "https://"+f.PseudoValue("authority")+f.PseudoValue("path"), nil)
	for _, field := range f.RegularFields() {
		r.Header.Add(field.Name, field.Value)
	}
	return &stream{session: s, id: f.StreamID, r: r}
}

func (st *stream) answer() {
	c := st.cell
	if c.armed.Load() {
		c.arrived.Add(1)
	}
	if c.hit() {
		c.fault.by.frames(st)
		return
	}
	rec := st.whole()
	st.head(rec)
	_ = st.framer.WriteData(st.id, true, rec.Body.Bytes())
}

// whole is the portal's true answer.
func (st *stream) whole() *httptest.ResponseRecorder {
	st.r.Body = io.NopCloser(&st.body)
	st.r.ContentLength = int64(st.body.Len())
	rec := httptest.NewRecorder()
	st.cell.portal.ServeHTTP(&keeper{rec, st.cell}, st.r)
	return rec
}

// head sends status and headers.
func (st *stream) head(rec *httptest.ResponseRecorder) {
	var block bytes.Buffer
	enc := hpack.NewEncoder(&block)
	_ = enc.WriteField(hpack.HeaderField{Name: ":status", Value: strconv.Itoa(rec.Code)})
	for name, values := range rec.Header() {
		_ = enc.WriteField(hpack.HeaderField{Name: strings.ToLower(name), Value: values[0]})
	}
	_ = st.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: st.id, BlockFragment: block.Bytes(), EndHeaders: true})
}

func framing(frames func(*stream)) mishap { return mishap{secure: true, frames: frames} }

// refusingStreams says that nothing was done: the request may be sent again.
func refusingStreams() mishap {
	return framing(func(st *stream) { _ = st.framer.WriteRSTStream(st.id, http2.ErrCodeRefusedStream) })
}

// goingAway ends the connection and says that the request was not looked at, as a
// server does that is restarted. It takes its time: net/http sends a GET again by
// itself, on a new connection and without a pause, so that between a server which does
// this at once and for ever and a client without a timeout no time would pass at all.
func goingAway(after time.Duration) mishap {
	return framing(func(st *stream) {
		pause(st.r.Context(), after)
		_ = st.framer.WriteGoAway(st.id-1, http2.ErrCodeNo, nil)
		st.over = true
	})
}

// half sends the headers and half of the body, and gives the client time to take
// them: what comes right behind them may overtake them there.
func (st *stream) half() {
	rec := st.whole()
	st.head(rec)
	_ = st.framer.WriteData(st.id, false, rec.Body.Bytes()[:rec.Body.Len()/2])
	pause(st.r.Context(), time.Second)
}

// goingAwayWithin ends the connection in the middle of the answer.
func goingAwayWithin() mishap {
	return framing(func(st *stream) {
		st.half()
		_ = st.framer.WriteGoAway(st.id, http2.ErrCodeInternal, nil)
		st.over = true
	})
}

// breakingStream resets the stream.
func breakingStream() mishap {
	return framing(func(st *stream) { _ = st.framer.WriteRSTStream(st.id, http2.ErrCodeInternal) })
}

// breakingStreamWithin resets the stream in the middle of the answer.
func breakingStreamWithin() mishap {
	return framing(func(st *stream) {
		st.half()
		_ = st.framer.WriteRSTStream(st.id, http2.ErrCodeInternal)
	})
}
