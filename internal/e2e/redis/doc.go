// Package redis tests redislimit on real parts: several processes that are killed and
// stopped, redis-server, Sentinel, a cluster, and miniredis as users' tests have it.
package redis
