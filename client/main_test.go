package client_test

import (
	"net/http"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		// What the tests' own by-hand clients keep open is not the package's.
		http.DefaultClient.CloseIdleConnections()
	}))
}
