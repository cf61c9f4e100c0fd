// Package redislimit shares one rate budget among all processes of a fleet, on Redis.
//
// WorkOS counts the requests of all processes together. Give them limiters of the same
// name, and the fleet makes at most 100 attempts in any minute:
//
//	limiter := redislimit.New(rdb, "workos-production", 100, time.Minute)
//	portal, err := client.New(apiKey, client.WithLimiter(limiter))
//
// # The promise
//
// The fleet makes at most limit attempts in any span of window, wherever the span
// begins, by Redis's clock. An idle fleet may use the whole limit at once. The server
// sees the same if no attempt needs longer to it than the slack: see [WithSlack]. A
// process that is too late for its turn, because it stood still, asks again.
//
// While there is budget, an attempt takes one trip to Redis. Otherwise the caller gets a
// reservation, waits, and asks once more shortly before its turn: two trips, however large
// the fleet is. What a killed process had reserved goes to others turn by turn; until its
// last turn, new callers queue behind it.
//
// Callers are served in the order in which they asked, with two exceptions: one whose
// context ends gives its place to those behind it in its process, and a slot that nobody
// claims goes to the next who asks. Wait returns a [*DeadlineError] at once if the turn
// would come after the context's deadline.
//
// [Limiter.Pause] tells the fleet that the server has refused an attempt. Package client
// calls it after a 429. The limiter does not learn what others use: the limit must be what
// services without this limiter leave.
//
// # Without Redis
//
// Redis is away if the script cannot run: no connection, no answer in time
// ([WithTimeout]), a replica, no memory, no right. The first Wait finds out. Redis is
// tried again after a second, later after up to ten. Meanwhile the fallback decides:
//
//   - By default the process makes its share of the limit: see [WithReplicas]. It counts
//     what it last heard of the fleet's attempts, and keeps to the turns that Redis gave.
//     So the fleet exceeds the limit at worst by what others did after that: simulated
//     fleets that use all of it by up to 2 %, ten real processes with a limit of 20 by 0 to
//     2 in a failover, and by 3 to 10 when Redis was away for longer.
//   - Any other limiter can decide, such as *rate.Limiter of golang.org/x/time/rate.
//   - [FailClosed] makes every Wait return [ErrUnavailable]. Choose it if being refused is
//     worse than not asking.
//
// Without Redis callers are not served in turn. [Limiter.State] and [WithLogger] tell why.
// When Redis is back it is told of attempts, of pauses and of callers who left.
//
// # What Redis must be
//
// Redis 5 or newer, or what speaks its protocol and runs Lua scripts: one server, one
// behind Sentinel, or a cluster. The keys expire by themselves, share a hash tag, and
// have only a hash of the name in them. A Redis that evicts keys or loses its last writes
// forgets attempts; one that restarts empty forgets all, and gives the limit again. If its
// clock is set back nothing happens; set forward, it forgets early. These rights do:
//
//	ACL SETUSER redislimit on >password ~adminportal:* +evalsha +eval +time
//	    +get +set +pexpire +zadd +zcard +zcount +zrange +zrem +zremrangebyscore +zscore
//
// In tests miniredis does for Redis. After SetTime its clock stands still, and no budget
// comes back: such a test must call SetTime as time passes. FastForward does not move
// that clock. With a window of four seconds or more, a caller who waits asks four times a
// second at most.
package redislimit
