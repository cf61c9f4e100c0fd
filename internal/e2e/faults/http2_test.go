package faults

import (
	"io"
	"net"
	"time"

	"golang.org/x/net/http2"
)

// serveFrames is the server's side of an HTTP/2 connection, as long as the fault strikes.
// After that it sends the client to another connection, where a real server is.
func (c *cell) serveFrames(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	if _, err := io.ReadFull(conn, make([]byte, len(http2.ClientPreface))); err != nil {
		return
	}
	framer := http2.NewFramer(conn, conn)
	_ = framer.WriteSettings()
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			return
		}
		switch f := frame.(type) {
		case *http2.SettingsFrame:
			if !f.IsAck() {
				_ = framer.WriteSettingsAck()
			}
		case *http2.PingFrame:
			_ = framer.WritePing(true, f.Data)
		case *http2.HeadersFrame, *http2.DataFrame:
			id := frame.Header().StreamID
			switch {
			case !frame.Header().Flags.Has(http2.FlagDataEndStream):
			case !c.hit():
				goAway(framer, id)
				return
			default:
				c.arrived.Add(1)
				if c.fault.by.frames(framer, id); c.fault.by.last {
					return
				}
			}
		}
	}
}

func goAway(framer *http2.Framer, stream uint32) {
	_ = framer.WriteGoAway(stream-1, http2.ErrCodeNo, nil)
}

// refusingStreams says that nothing was done: the request may be sent again.
func refusingStreams() mishap {
	return mishap{http2: true, frames: func(framer *http2.Framer, stream uint32) {
		_ = framer.WriteRSTStream(stream, http2.ErrCodeRefusedStream)
	}}
}

// goingAway ends the connection and says that the request was not looked at, as a server
// does that is restarted. It waits first: net/http sends the request again without a
// pause, so that no time would pass in the bubble.
func goingAway(after time.Duration) mishap {
	return mishap{http2: true, last: true, frames: func(framer *http2.Framer, stream uint32) {
		time.Sleep(after)
		goAway(framer, stream)
	}}
}
