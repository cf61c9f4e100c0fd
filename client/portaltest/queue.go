package portaltest

// A queue keeps what came last: at most maxCount entries, at most maxSize bytes in
// all. The owner locks.
type queue[T any] struct {
	maxCount, maxSize int

	entries []sized[T]
	size    int
	dropped int
}

type sized[T any] struct {
	value T
	size  int
}

// push adds v, which takes about size bytes, and returns what had to make room.
// An entry that is too large for the queue still stays until the next one comes.
func (q *queue[T]) push(v T, size int) (gone []T) {
	q.entries = append(q.entries, sized[T]{v, size})
	q.size += size
	for len(q.entries) > 1 && (len(q.entries) > q.maxCount || q.size > q.maxSize) {
		gone = append(gone, q.entries[0].value)
		q.size -= q.entries[0].size
		q.entries[0] = sized[T]{} // the array behind may live on: let go of the entry
		q.entries = q.entries[1:]
		q.dropped++
	}
	return gone
}

// all calls yield with the entries, oldest first.
func (q *queue[T]) all(yield func(T) bool) {
	for _, e := range q.entries {
		if !yield(e.value) {
			return
		}
	}
}

// clear forgets everything, the count of what was dropped included.
func (q *queue[T]) clear() { *q = queue[T]{maxCount: q.maxCount, maxSize: q.maxSize} }
