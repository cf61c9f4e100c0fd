package client

import (
	"cmp"
	"slices"
	"strings"
)

// travel sends a call by the dialect that is pinned or known, the reference's while none is. Where
// the route is not there it forgets the dialect and tries the other one. only is the dialect that
// alone will do; DialectAuto is either. Warm neither waits for what another call learns, nor lets
// others wait: it is in the background.
func (c *core) travel(call *call, only Dialect) error {
	dialect := cmp.Or(only, call.known.dialect())
	if only == DialectAuto && !call.warm {
		dialect, call.release = call.known.ask(call)
	}
	defer call.release()
	if call.Err() != nil {
		return call.stopped(call.Err())
	}
	settled := dialect != DialectAuto && (dialect == c.pinned || dialect == call.known.dialect())
	first := cmp.Or(dialect, DialectPortalLinks)
	for _, call.dialect = range [...]Dialect{first, first.other()} {
		call.settled, call.answer, call.failure = settled && !call.public(), answer{}, nil
		if _, err := call.send(&c.servers, call); call.answer.verdict != noRoute {
			return err // the body has been read
		}
		if only != DialectAuto {
			break
		}
		call.known.change(call.dialect, DialectAuto)
		settled = call.known.dialect() == call.dialect.other() // another call may have learned it
	}
	e := call.stopped(nil)
	e.Code, e.kind, e.hint = "", errNoKind, hintNoRoute
	e.Description = "there is no Admin Portal at " + c.baseURL
	if call.origin == nil {
		e.Description = "there is no icon list at " + strings.Join(slices.Compact([][]string{{c.baseURL, c.trust.cdnURL}, {c.baseURL}, {c.trust.cdnURL}}[only]), " or ")
		e.hint = hintNoIcons
	}
	return e
}
