package main

import (
	"cmp"
	"regexp"
	"strconv"
)

// A version is a release's number by Semantic Versioning. What comes before a release
// (v1.0.0-rc.1) is compared by its text alone, which will do for a few.
type version struct {
	major, minor, patch int
	pre                 string
}

var versionForm = regexp.MustCompile(`^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z.-]+))?$`)

func parseVersion(tag string) (version, bool) {
	m := versionForm.FindStringSubmatch(tag)
	if m == nil {
		return version{}, false
	}
	v := version{pre: m[4]}
	for i, n := range []*int{&v.major, &v.minor, &v.patch} {
		var err error
		if *n, err = strconv.Atoi(m[i+1]); err != nil {
			return version{}, false
		}
	}
	return v, true
}

func (v version) less(w version) bool {
	if c := cmp.Or(cmp.Compare(v.major, w.major), cmp.Compare(v.minor, w.minor), cmp.Compare(v.patch, w.patch)); c != 0 {
		return c < 0
	}
	if v.pre == "" || w.pre == "" {
		return v.pre != "" && w.pre == "" // what comes before a release is less than it
	}
	return v.pre < w.pre
}
