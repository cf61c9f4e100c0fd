package portaltest

import (
	cryptorand "crypto/rand"
	"encoding/binary"
	"math/rand/v2"
	"sync"
)

// A source makes the sandbox's secrets and identifiers: from the system's random
// source, or from a seed and then the same ones in the same order each time.
type source struct {
	mu     sync.Mutex
	seed   *[32]byte
	stream *rand.ChaCha8 // nil: crypto/rand
}

// newSource returns the seed's stream of that name. Streams are apart, so that how
// many of one thing were made does not change another.
func newSource(seed *uint64, name byte) *source {
	if seed == nil {
		return &source{}
	}
	s := &source{seed: new([32]byte)}
	binary.LittleEndian.PutUint64(s.seed[:], *seed)
	s.seed[31] = name
	s.restart()
	return s
}

// restart begins a seeded stream anew.
func (s *source) restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seed != nil {
		s.stream = rand.NewChaCha8(*s.seed)
	}
}

func (s *source) read(b []byte) {
	if s.stream == nil {
		_, _ = cryptorand.Read(b) // never fails: it would end the program
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = s.stream.Read(b) // never fails
}

// Crockford's base 32, as in ULIDs: no letter is mistaken for a digit.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// text returns n random characters, 5 bits each.
func (s *source) text(n int) string {
	b := make([]byte, n)
	s.read(b)
	for i := range b {
		b[i] = alphabet[b[i]%32]
	}
	return string(b)
}

// id looks like the service's: a prefix, and 26 characters of which the first two
// would be the century.
func (s *source) id(prefix string) string { return prefix + "01" + s.text(24) }

// float is in [0, 1).
func (s *source) float() float64 {
	var b [8]byte
	s.read(b[:])
	return float64(binary.LittleEndian.Uint64(b[:])>>11) / (1 << 53)
}
