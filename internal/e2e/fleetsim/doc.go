// Package fleetsim lets fleets of the real client meet a service that counts, on a
// clock of their own.
//
// A simulation runs in a testing/synctest bubble: minutes of a thousand replicas take
// seconds, and nothing depends on how fast the machine is. In it are the client and
// its limiter as users get them; miniredis, which runs the limiter's script, over
// connections in memory; and a service that counts as WorkOS may, behind a round
// tripper that takes as long as a network would. [Scenarios] says what happens.
//
// What the simulation draws comes from a seed. What the client draws, and the order
// in which goroutines run that wake at the same instant, does not: figures differ
// between runs, but little.
//
// make fleet runs all of it, and writes the table in docs/performance.md and docs/fleet.svg.
package fleetsim
