//go:build race

package portaltest_test

const racing = true
