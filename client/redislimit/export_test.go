package redislimit

// Keys are what a limiter of that name has in Redis.
func Keys(name string) []string { return keys(name) }

// Entered is how many have asked so far.
func (l *Limiter) Entered() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int(l.ids)
}

// Waiting is how many are in line, or have a place to give back.
func (l *Limiter) Waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	waiting := len(l.line) + len(l.back)
	if l.traveling {
		waiting++
	}
	return waiting
}
