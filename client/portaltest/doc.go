// Package portaltest is an Admin Portal to test against, as net/http/httptest is a
// web server to test against.
package portaltest
