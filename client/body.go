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
func readBody(r io.Reader, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, limit+1))
	if int64(len(body)) > limit {
		return body[:limit], errTooLarge
	}
	var corrupt flate.CorruptInputError
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.As(err, &corrupt) {
		return body, errBadEncoding
	}
	return body, err
}
