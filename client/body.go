package client

import (
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
)

// maxBody is the default cap of WithMaxBody. A link is a few hundred bytes, a list
// of icons a few dozen KiB.
const maxBody = 1 << 20

var (
	errTooLarge    = errors.New("the body is too large")
	errBadEncoding = errors.New("the body is not encoded as it says")
)

// readBody reads to the end, so that the connection can be used again, or to
// limit bytes, counted after decompression. On an error it returns what it has.
// size is what the answer says of its length, negative if nothing; it is only a
// hint for the first buffer.
func readBody(r io.Reader, size, limit int64) ([]byte, error) {
	const small, large = 512, 64 << 10
	if size < 0 {
		size = small
	}
	body := make([]byte, 0, min(size, limit, large)+1) // room to see the end
	for {
		n, err := r.Read(body[len(body):min(cap(body), int(limit)+1)])
		body = body[:len(body)+n]
		if int64(len(body)) > limit {
			return body[:limit], errTooLarge
		}
		if err == io.EOF {
			return body, nil
		}
		if err != nil {
			var corrupt flate.CorruptInputError
			if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.As(err, &corrupt) {
				return body, errBadEncoding
			}
			return body, err
		}
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
	}
}
