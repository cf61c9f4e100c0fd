// Package faults holds the client to one table, in faults_test.go: what goes wrong between
// client and service, how many requests there are then, which error comes out, and how
// long it takes. docs/faults.md is made from that table.
//
// A real http.Transport and a real http.Server talk over a network in memory, in a
// testing/synctest bubble. The client has its default options, and time is exact. What a
// proper HTTP/2 server never does is done by frames written by hand.
package faults
