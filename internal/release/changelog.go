package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A log is CHANGELOG.md: what changed, release by release, the youngest first.
type log struct {
	releases []*release // without Unreleased
	// Unreleased is where the next release grows; nil if it is missing.
	unreleased *release
	links      map[string]link // what the headings' names lead to
}

// A release is a heading and what is under it.
type release struct {
	name string // 1.2.3
	date string // 2026-11-24
	line int
	body []string
}

type link struct {
	to   string
	line int
}

// A finding is one thing that is wrong, where, and what to do.
type finding struct {
	line int
	what string
}

func (f finding) String() string { return fmt.Sprintf("%s:%d: %s", changelog, max(f.line, 1), f.what) }

var (
	headingForm = regexp.MustCompile(`^## \[([^\]]+)\](?: - (\S+))?$`)
	linkForm    = regexp.MustCompile(`^\[([^\]]+)\]: (\S+)$`)
)

// The kinds of change of Keep a Changelog, and one more: make breaking looks for it.
var kinds = []string{"Breaking", "Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}

// readChangelog reads the file, and says what is not as it must always be, whatever is
// to be released.
func readChangelog(text string) (log, []finding) {
	l := log{links: map[string]link{}}
	var findings []finding
	add := func(line int, format string, args ...any) {
		findings = append(findings, finding{line, fmt.Sprintf(format, args...)})
	}
	var current *release
	for i, line := range strings.Split(text, "\n") {
		n := i + 1
		if m := linkForm.FindStringSubmatch(line); m != nil {
			l.links[m[1]] = link{m[2], n}
			current = nil
			continue
		}
		if !strings.HasPrefix(line, "## ") {
			if current != nil {
				current.body = append(current.body, line)
			}
			continue
		}
		m := headingForm.FindStringSubmatch(line)
		if m == nil {
			add(n, "%q is no heading of a release: write ## [1.2.3] - 2026-11-24", line)
			current = nil
			continue
		}
		current = &release{name: m[1], date: m[2], line: n}
		switch {
		case m[1] != "Unreleased":
			l.releases = append(l.releases, current)
		case l.unreleased != nil || len(l.releases) > 0:
			add(n, "Unreleased stands once, and above every release: move what is under it")
		default:
			l.unreleased = current
		}
	}
	if l.unreleased == nil {
		l.unreleased = &release{name: "Unreleased"}
		add(1, "no heading ## [Unreleased]: put one above the releases, for what comes next")
	}
	findings = append(findings, l.order()...)
	for _, r := range append([]*release{l.unreleased}, l.releases...) {
		findings = append(findings, r.sections()...)
	}
	return l, append(findings, l.linked()...)
}

// order: every release has a number and a day, and each is younger than the next.
func (l log) order() []finding {
	var findings []finding
	for i, r := range l.releases {
		v, ok := parseVersion("v" + r.name)
		if !ok {
			findings = append(findings, finding{r.line, fmt.Sprintf("%q is no version: write it like 1.2.3", r.name)})
		}
		if _, err := time.Parse(time.DateOnly, r.date); err != nil {
			findings = append(findings, finding{r.line, fmt.Sprintf("%s has no date: write ## [%[1]s] - 2026-11-24, the day of the release", r.name)})
		}
		if i+1 == len(l.releases) {
			continue
		}
		older := l.releases[i+1]
		if w, isVersion := parseVersion("v" + older.name); ok && isVersion && !w.less(v) {
			findings = append(findings, finding{older.line, fmt.Sprintf("%s stands below %s: put the releases in order, the youngest first", older.name, r.name)})
		}
		if older.date > r.date {
			findings = append(findings, finding{r.line, fmt.Sprintf("%s is dated before %s: mend one of the dates", r.name, older.name)})
		}
	}
	return findings
}

// sections: what is under a release's heading is lists of the known kinds, none empty.
func (r *release) sections() []finding {
	var findings []finding
	add := func(i int, format string, args ...any) {
		findings = append(findings, finding{r.line + i + 1, fmt.Sprintf(format, args...)})
	}
	section, at, entries := "", 0, 0
	closed := func() {
		if section != "" && entries == 0 {
			add(at, "nothing under ### %s: list the changes, or take the heading out", section)
		}
	}
	for i, line := range r.body {
		switch name, isSection := strings.CutPrefix(line, "### "); {
		case isSection:
			closed()
			section, at, entries = name, i, 0
			if !slices.Contains(kinds, name) {
				add(i, "%q is no kind of change: use one of %s", name, strings.Join(kinds, ", "))
			}
		case strings.HasPrefix(line, "- "):
			entries++
			if section == "" {
				add(i, "a change under no heading: put it under one of ### %s", strings.Join(kinds, ", "))
			}
		}
	}
	closed()
	return findings
}

// linked: every heading leads to what it is about, and no name leads nowhere.
func (l log) linked() []finding {
	var findings []finding
	want := map[string]string{"Unreleased": repository + "/commits/main"}
	for i, r := range l.releases {
		if i == 0 {
			want["Unreleased"] = fmt.Sprintf("%s/compare/v%s...HEAD", repository, r.name)
		}
		want[r.name] = fmt.Sprintf("%s/releases/tag/v%s", repository, r.name)
		if i+1 < len(l.releases) {
			want[r.name] = fmt.Sprintf("%s/compare/v%s...v%s", repository, l.releases[i+1].name, r.name)
		}
	}
	for _, r := range append([]*release{l.unreleased}, l.releases...) {
		if got := l.links[r.name]; got.to != want[r.name] {
			findings = append(findings, finding{max(got.line, r.line), fmt.Sprintf("[%s] leads to %q: write [%[1]s]: %[3]s at the end of the file", r.name, got.to, want[r.name])})
		}
	}
	for name, got := range l.links {
		if want[name] == "" {
			findings = append(findings, finding{got.line, fmt.Sprintf("[%s] is no release of this file: take the line out", name)})
		}
	}
	return findings
}

// readyFor: the tag's release stands on top, and nothing waits for another.
func (l log) readyFor(tag string, now time.Time) []finding {
	var findings []finding
	add := func(line int, format string, args ...any) {
		findings = append(findings, finding{line, fmt.Sprintf(format, args...)})
	}
	name := strings.TrimPrefix(tag, "v")
	v, ok := parseVersion(tag)
	switch {
	case !ok:
		add(1, "%q is no tag of a release: use one like v1.2.3", tag)
		return findings
	case v.major > 1:
		add(1, "%s is for a module whose path ends in /v%d, or go get will not take it: change the path in go.mod and in every import", tag, v.major)
	}
	for i, line := range l.unreleased.body {
		if strings.TrimSpace(line) != "" {
			add(l.unreleased.line+i+1, "a change that is not released: move it under ## [%s], and leave Unreleased empty", name)
			break
		}
	}
	if len(l.releases) == 0 || l.releases[0].name != name {
		add(l.unreleased.line, "no heading ## [%s] - %s right below Unreleased: add it, with what changed", name, now.Format(time.DateOnly))
		return findings
	}
	r := l.releases[0]
	if !slices.ContainsFunc(r.body, func(line string) bool { return strings.HasPrefix(line, "- ") }) {
		add(r.line, "nothing changed in %s: say what is new", name)
	}
	// A day ahead of this clock may have begun elsewhere.
	if date, err := time.Parse(time.DateOnly, r.date); err == nil && date.After(now.AddDate(0, 0, 1)) {
		add(r.line, "%s is dated %s, which is yet to come: write the day of the release", name, r.date)
	}
	return findings
}

// notes are what the changelog says of a release.
func (l log) notes(tag string) string {
	for _, r := range l.releases {
		if "v"+r.name == tag {
			return strings.TrimSpace(strings.Join(r.body, "\n")) + "\n"
		}
	}
	return ""
}
