package ratelimit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"sync"
)

// names give actors the names under which Redis knows them: a keyed hash, so that whoever reads Redis, or a copy of
// it, does not learn who asked. The kind of count and its scope are in the hash too, so that the counts of one actor
// cannot be told to be one actor's.
type names struct{ pool sync.Pool }

// nameSize is what is kept of the hash, in bytes: enough that no two actors meet.
const nameSize = 16

// namer is what one name needs; it is used again, which spares its allocations.
type namer struct {
	mac  hash.Hash
	text []byte
	sum  []byte
}

func newNames(key []byte) *names {
	return &names{sync.Pool{New: func() any { return &namer{mac: hmac.New(sha256.New, key)} }}}
}

// key gives the key of an actor's count, such as yz:{l:user:…}. All of it is a hash tag; it is the only key of its
// command, so any slot of a Cluster will do. Kind and scope have no colon.
func (n *names) key(kind, scope, actor string) string {
	w := n.pool.Get().(*namer) //nolint:forcetypeassert // nothing else is ever put there
	defer n.pool.Put(w)
	w.text = append(w.text[:0], "yz:{"...)
	w.text = append(append(w.text, kind...), ':')
	w.text = append(append(w.text, scope...), ':')
	known := len(w.text)
	w.text = append(w.text, actor...)
	w.mac.Reset()
	w.mac.Write(w.text)
	w.sum = w.mac.Sum(w.sum[:0])
	w.text = base64.RawURLEncoding.AppendEncode(w.text[:known], w.sum[:nameSize])
	return string(append(w.text, '}'))
}
