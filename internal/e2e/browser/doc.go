// Package browser is tests alone: what this module shows a person, in Chromium, as
// that person meets it. It is a module of its own, so that what drives a browser
// reaches no user's go.sum.
//
// chromium_test.go starts the one browser and gives each test a tab with a profile
// of its own; tab_test.go acts in it with mouse and keys, and finds things by what
// a screen reader would call them; watch_test.go notes what the tab does and says
// at the end what it must not have done: a request that leaves loopback, a Referer
// that gives a link away, a complaint in the console. axe_test.go asks axe-core.
// program_test.go builds and runs the programs whose pages these are.
//
// Nothing here waits for time to pass: a step waits until the browser says that its
// page is there, and what bounds it is far from what it takes.
package browser
