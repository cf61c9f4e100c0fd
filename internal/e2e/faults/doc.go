// Package faults has no code of its own. Its tests make everything between client and
// service go wrong that can, and hold the client to one table, in faults_test.go: how
// many requests there are, which error comes out, and how long it all takes.
// docs/faults.md is that table for people, and made from it.
//
// Nearly all of it happens in memory, in a testing/synctest bubble: a real
// http.Transport and a real http.Server (or HTTP/2 frames written by hand), the
// client's true retry policy, and time that is exact. What a network in memory might
// get wrong is then done again on sockets, by toxiproxy, where counts and causes must
// be the same. That is why this is a module by itself.
package faults
