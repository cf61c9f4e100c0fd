package client

// travel sends a call by the dialect that is pinned or known. While none is, it tries the
// reference's route, and the live one where the reference's is not there. only is the dialect that
// alone will do; DialectAuto is either.
func (c *core) travel(call *call, only Dialect, routes [2]*route) error {
	if c.api == nil {
		return during(call.name, invalid("client", "is not set up: make one with New"))
	}
	dialect := only
	if only == DialectAuto {
		dialect, call.release = call.known.ask(call)
	}
	defer call.release()
	if call.Err() != nil {
		return call.stopped(call.Err())
	}
	settled := dialect != DialectAuto && (dialect == c.pinned || dialect == call.known.dialect())
	if dialect == DialectGenerateLink {
		routes[0], routes[1] = routes[1], routes[0]
	}
	for _, r := range routes {
		call.route, call.settled, call.answer = r, settled && !r.public, answer{}
		resp, err := call.send(&c.servers, call)
		if err == nil {
			return resp.Body.Close()
		} else if call.answer.verdict != ofMissingRoute {
			return err
		}
		if only != DialectAuto {
			break
		}
		call.known.change(r.dialect, DialectAuto)
		settled = false
	}
	e := call.stopped(nil)
	e.Code, e.kind, e.hint = "", errNoKind, hintNoRoute
	e.Description = "there is no Admin Portal at " + c.baseURL
	if call.public {
		e.Description = "there is no icon list at " + c.trust.cdnURL
	}
	return e
}
