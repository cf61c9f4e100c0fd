package redislimit

// Keys returns the keys of a limiter of that name.
func Keys(name string) []string { return keys(name) }

// Settled reports whether Redis has answered all that this process has asked.
func (l *Limiter) Settled() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.traveling
}
