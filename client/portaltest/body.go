package portaltest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
	"unicode/utf8"
)

// Bounds on a request's body. A valid one is far smaller than maxBody. What is
// larger is read on to maxDrain, so that its sender, who reads the answer after the
// last byte, gets one rather than a reset connection.
const (
	maxBody     = 1 << 20
	maxDrain    = 32 << 20
	bodyTimeout = 30 * time.Second
	maxDepth    = 64
)

var (
	errBodyTooLarge = fmt.Errorf("the request body is larger than %d KiB", maxBody>>10)
	errBodyCut      = errors.New("the request body did not arrive whole")
)

// readBody reads a request's body, as much of it as is taken. After it the
// connection's reader is free to see that the client went away.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	// Deadlines are of sockets; elsewhere there is none to set.
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Now().Add(bodyTimeout))
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		_, err = io.Copy(io.Discard, io.LimitReader(r.Body, maxDrain))
		body = body[:maxBody]
		if err == nil {
			err = errBodyTooLarge
		}
	}
	_ = rc.SetReadDeadline(time.Time{})
	if err != nil && !errors.Is(err, errBodyTooLarge) {
		err = errBodyCut
	}
	return body, err
}

// checkJSON refuses what a decoder would pass in silence, or what two decoders
// would read in two ways: bad UTF-8, trailing bytes, a name given twice in one
// object at any depth.
func checkJSON(body []byte) error {
	if !utf8.Valid(body) {
		return errors.New("is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := checkValue(dec); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("goes on after the end of its JSON value")
	}
	return nil
}

var errNotJSON = errors.New("is not valid JSON")

// checkValue reads one value. It keeps its own stack: depth is the sender's choice.
func checkValue(dec *json.Decoder) error {
	var open []map[string]bool // per open bracket: the names so far; nil in an array
	name := false              // the next token is a name, or ends an object
	for {
		token, err := dec.Token()
		if err != nil {
			return errNotJSON
		}
		switch token {
		case json.Delim('{'):
			open = append(open, map[string]bool{})
		case json.Delim('['):
			open = append(open, nil)
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		default:
			if s, ok := token.(string); ok && name {
				names := open[len(open)-1]
				if names[s] {
					return fmt.Errorf("gives %q twice", s)
				}
				names[s] = true
				name = false
				continue
			}
		}
		if len(open) == 0 {
			return nil
		}
		if len(open) > maxDepth {
			return fmt.Errorf("nests more than %d levels deep", maxDepth)
		}
		name = open[len(open)-1] != nil
	}
}
