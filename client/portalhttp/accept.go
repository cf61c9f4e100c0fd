package portalhttp

import (
	"strconv"
	"strings"
)

// wantsJSON reads Accept (RFC 9110, section 12.5.1): JSON goes to whoever prefers
// it to a page. At equal weight it is enough to name it, as programs do that send
// "application/json, */*"; browsers name text/html. Who accepts neither gets a
// page.
func wantsJSON(accept []string) bool {
	json, page := preference(accept, "application", "json"), preference(accept, "text", "html")
	if json.weight != page.weight {
		return json.weight > page.weight
	}
	return json.weight > 0 && json.precise > page.precise
}

type preferred struct {
	weight  float64
	precise int // 3 type/subtype, 2 type/*, 1 */*, 0 not accepted
}

// preference is the weight of the most precise range that has the media type.
// Ranges that make no sense are left out.
func preference(accept []string, kind, subtype string) preferred {
	var best preferred
	for _, header := range accept {
		for element := range strings.SplitSeq(header, ",") {
			mediaRange, parameters, _ := strings.Cut(element, ";")
			k, s, _ := strings.Cut(strings.ToLower(strings.TrimSpace(mediaRange)), "/")
			p := preferred{precise: 1}
			switch {
			case k == kind && s == subtype:
				p.precise = 3
			case k == kind && s == "*":
				p.precise = 2
			case k != "*" || s != "*":
				continue
			}
			var ok bool
			if p.weight, ok = weight(parameters); !ok {
				continue
			}
			if p.precise > best.precise || p.precise == best.precise && p.weight > best.weight {
				best = p
			}
		}
	}
	return best
}

// weight is a range's q: 1 unless told.
func weight(parameters string) (float64, bool) {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(parameter, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		return q, err == nil && q >= 0 && q <= 1
	}
	return 1, true
}
