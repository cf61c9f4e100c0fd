package redislimit

// Keys are what a limiter of that name has in Redis.
func Keys(name string) []string { return keys(name) }

// Entered is how many have asked so far.
func (l *Limiter) Entered() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int(l.ids)
}
