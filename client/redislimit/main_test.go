package redislimit_test

import (
	"context"
	"os"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/adminportal-go/adminportal/client/redislimit"
)

func TestMain(m *testing.M) {
	redis.SetLogger(quiet{}) // Redis goes away here on purpose
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		stopShared()
		os.Exit(code)
	}))
}

type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

func init() { redislimit.Redis = shared }
