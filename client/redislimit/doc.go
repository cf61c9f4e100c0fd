// Package redislimit shares one rate budget among all processes of a fleet, on
// Redis.
//
// WorkOS counts requests per API key, not per process: ten replicas with a polite
// client each are still refused. Give each of them a limiter of the same name:
//
//	limiter := redislimit.New(rdb, "workos", 100, time.Minute)
//	portal, err := client.New(apiKey, client.WithLimiter(limiter))
//
// and the fleet makes at most 100 attempts in any minute. The limiter knows nothing
// of WorkOS, and can hold back anything else.
//
// # The promise
//
// At most limit attempts of the whole fleet in any span of window, wherever the
// span begins, by Redis's own clock. An idle fleet may use the whole limit at once.
// The promise is for the server's count too, as long as an attempt needs no longer
// from its turn to the server than the slack ([WithSlack]), which the log counts
// on top of the window. A process that runs too late for that, since it or its
// machine stood still, asks anew instead of going.
//
// How others do it, and why not so here:
//
//   - A fixed window (INCR and EXPIRE) lets twice the limit through around the turn
//     of a window: all of one at its end, all of the next at its beginning.
//   - GCRA, or a token bucket, lets burst + rate × window through in a window, and so
//     keeps the promise only where that is no more than the limit: an idle fleet may
//     then not use its budget at once, or a busy one only half.
//   - A sliding log is exact. It remembers the instant of each attempt of the last
//     window, here as well of those that are to come: a few hundred bytes each, for
//     limit attempts and those who wait.
//
// # Turns
//
// One script on Redis, one trip per attempt while there is budget. When there is
// none, the script says when to go, and keeps that place: nobody polls. Somewhat
// before its turn a waiter asks once more, so that what a killed process had been
// given is not lost, and then the turn is firm: two trips, from the first call of a
// process on and however many processes there are. Callers of one process who ask at
// the same time share a trip.
//
// Who came first goes first within a process, and processes are served in the order
// of their asking, with no more exceptions than a place given back or a missed turn
// makes. A caller whose context ends gives its place back, and those behind it move
// up. A wait that would end after the context's deadline is not begun: Wait returns
// a [*DeadlineError] at once. After a burst those who wait do not leave as one
// again, but within a twentieth of the window.
//
// A limiter also learns: [Limiter.Pause] tells the fleet of a refusal by the server,
// and all stay away that long. Package client calls it after a 429.
// For a window after that those who wait leave evenly, not to be refused again as one.
// It does not learn what others take: where services that do not have this limiter
// use the same key, the limit must be what they leave.
//
// Fleets of up to 1,000 replicas, with crashes, outages, clocks astray and such
// neighbors, are simulated in the repository: docs/fleet.md has what came of them.
//
// # Without Redis
//
// Redis is away if it cannot be reached, does not answer in time ([WithTimeout]), is
// read-only, out of memory, loading or failing over: whatever keeps the script from
// running. One Wait finds out, and then the fallback decides without asking Redis,
// for a second first and up to ten later, until Redis is found to be back:
//
//   - By default the process keeps to its share of the limit. Say how many processes
//     share it with [WithReplicas]; unless told there is but one. What the process
//     had from Redis counts, and Redis is told afterwards of what went without it.
//   - [WithFallback] takes any other limiter, such as *rate.Limiter of
//     golang.org/x/time/rate.
//   - [WithFallback]([FailClosed]) makes Wait return [ErrUnavailable]: nothing is
//     sent that is not known to be within the limit.
//
// Choose the default where a page must open (the server's 429 is still the last
// word, and the client waits), FailClosed where being refused is worse than not
// asking. [Limiter.State] and [WithLogger] tell of the change, once each time.
//
// # What Redis must be
//
// Redis 5 or newer, or what speaks its protocol with Lua scripts. The keys of a
// limiter share a hash tag, and so a slot of a cluster; they expire by themselves
// when unused; the name is in them as a hash only. A Redis that evicts keys under
// memory pressure, or loses the last writes in a failover, forgets attempts, and
// the promise with them. A clock of Redis that is set back does no harm; one that is
// set forward lets the log forget early, once.
package redislimit
