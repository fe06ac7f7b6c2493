package ratelimit

import (
	"hash/maphash"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// notes count the distinct persons of actors in this process, exactly, and with no more memory than for a fixed
// number of notes. Where there are more, those of the longest time ago are forgotten.
type notes struct {
	seed maphash.Seed

	mu    sync.Mutex
	known *simplelru.LRU[note, struct{}]
	seen  map[uint64]int // notes in known, by key
}

// note says that under a key, of which it has the hash, a person was seen.
type note struct {
	key    uint64
	person int64
}

func newNotes(size int) *notes {
	n := &notes{seed: maphash.MakeSeed(), seen: map[uint64]int{}}
	known, err := simplelru.NewLRU(size, n.forget)
	if err != nil { // of a size below 1 only
		panic(err)
	}
	n.known = known
	return n
}

func (n *notes) add(key string, persons []int64) {
	hash := maphash.String(n.seed, key)
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, person := range persons {
		if _, again := n.known.Get(note{hash, person}); !again {
			n.seen[hash]++
			n.known.Add(note{hash, person}, struct{}{})
		}
	}
}

func (n *notes) count(key string) int {
	hash := maphash.String(n.seed, key)
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.seen[hash]
}

// has tells whether a person was noted under a key.
func (n *notes) has(key string, person int64) bool {
	hash := maphash.String(n.seed, key)
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.known.Contains(note{hash, person})
}

// forget runs within add.
func (n *notes) forget(old note, _ struct{}) {
	if n.seen[old.key]--; n.seen[old.key] <= 0 {
		delete(n.seen, old.key)
	}
}
