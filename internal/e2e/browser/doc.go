// Package browser has tests only: Chromium shows the pages of the demo, of the sandbox's portal, of
// the example and of the button's failures, and the tests use them as a person does, with mouse and
// keyboard.
//
// chromium_test.go starts the browser, acts in a tab, finds things by what a screen reader would
// call them, and fails a test for what no page may do: ask another host for something, give a link
// away, or complain in the console. axe_test.go has axe-core judge a page. button_test.go has
// package portalhttp behind pages that send the click by a plain form, htmx, Turbo, fetch or
// XMLHttpRequest, with the real libraries.
package browser
