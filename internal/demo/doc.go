// Package demo is what "adminportal demo" serves: the settings page of an invented
// product, whose buttons lead to the Admin Portal and back, and beside it what
// happened at each click.
//
// A click's way: home.go refuses what was not sent to this address; sessions.go
// says who clicked and for which organization; configure.go hands the click to
// package portalhttp; record.go and journal.go write down what the client asked,
// what it was answered, what the person saw and what the log got. page.go shows
// it, and faults.go makes the sandbox fail.
//
// It is a demo of the packages, on loopback: whoever reaches it may act for any of
// its organizations.
package demo
