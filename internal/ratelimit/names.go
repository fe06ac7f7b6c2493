package ratelimit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"hash"
)

// names give actors the names under which Redis knows them: a keyed hash, so that whoever reads Redis, or a copy of
// it, does not learn who asked. The kind of count and its scope are in the hash too, so that the counts of one actor
// cannot be told to be one actor's.
type names struct {
	secret []byte
	idle   chan *namer
}

// maxIdle is how many namers are kept for the next ones who come; more are made where more come at once.
const maxIdle = 64

// nameSize is what is kept of the hash, in bytes: enough that no two actors meet.
const nameSize = 16

// namer is what one name needs; it is used again, which spares its allocations.
type namer struct {
	mac  hash.Hash
	text []byte
	sum  []byte
}

func newNames(key []byte) *names {
	return &names{key, make(chan *namer, maxIdle)}
}

func (n *names) take() *namer {
	select {
	case w := <-n.idle:
		return w
	default:
		return &namer{mac: hmac.New(sha256.New, n.secret)}
	}
}

func (n *names) giveBack(w *namer) {
	select {
	case n.idle <- w:
	default:
	}
}

// key gives the key of an actor's count, such as yz:{l:user:…}. All of it is a hash tag; it is the only key of its
// command, so any slot of a Cluster will do. Kind and scope have no colon.
func (n *names) key(kind, scope, actor string) string {
	w := n.take()
	defer n.giveBack(w)
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
