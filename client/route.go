package client

import "cmp"

// travel sends a call by the dialect that is pinned or known. While none is, it tries the
// reference's route, and the live one where the reference's is not there. only is the dialect that
// alone will do; DialectAuto is either.
func (c *core) travel(call *call, only Dialect) error {
	dialect := only
	if only == DialectAuto {
		dialect, call.release = call.known.ask(call)
	}
	defer call.release()
	if call.Err() != nil {
		return call.stopped(call.Err())
	}
	settled := dialect != DialectAuto && (dialect == c.pinned || dialect == call.known.dialect())
	first := cmp.Or(dialect, DialectPortalLinks)
	for _, call.dialect = range [...]Dialect{first, first.other()} {
		call.settled, call.answer = settled && !call.public(), answer{}
		if _, err := call.send(&c.servers, call); call.answer.verdict != noRoute {
			return err // the body has been read
		}
		if only != DialectAuto {
			break
		}
		call.known.change(call.dialect, DialectAuto)
		settled = false
	}
	e := call.stopped(nil)
	e.Code, e.kind, e.hint = "", errNoKind, hintNoRoute
	e.Description = "there is no Admin Portal at " + c.baseURL
	if call.public() {
		e.Description, e.hint = "there is no icon list at "+c.trust.cdnURL, hintNoIcons
	}
	return e
}
