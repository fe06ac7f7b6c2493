// Package photolink keeps single-use links to images in Redis.
//
// Its promise: a link is given out at most once, however many ask for it at the same moment, and not at all a minute after it was
// made. Its one rule: without Redis there is no link, never an unsafe one.
//
// A Redis that fails over may forget that a link was used; that takes a crash within the link's minute, and whoever holds the
// link is whom it was made for.
package photolink

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/models"
)

// Life is how long a link waits to be used.
const Life = time.Minute

const tokenBytes = 32

// Links is all links. It may be used from any goroutine.
type Links struct {
	rdb redis.UniversalClient
	now func() time.Time
}

// New keeps links in rdb.
func New(rdb redis.UniversalClient, now func() time.Time) *Links { return &Links{rdb, now} }

// Pending is links on their way into Redis.
type Pending struct {
	links []models.ImageLink
	set   []*redis.StatusCmd
}

// Queue makes a link to each image in a pipeline that carries other things too. Ask Made once the pipeline was sent.
func (l *Links) Queue(ctx context.Context, pipe redis.Pipeliner, scanID string, person int64, kinds []models.ImageKind) *Pending {
	if len(kinds) == 0 {
		return nil
	}
	p := &Pending{make([]models.ImageLink, 0, len(kinds)), make([]*redis.StatusCmd, 0, len(kinds))}
	until := l.now().Add(Life)
	for _, kind := range kinds {
		var raw [tokenBytes]byte
		rand.Read(raw[:]) //nolint:errcheck,gosec // never fails (crypto/rand)
		link := models.ImageLink{
			Token: base64.RawURLEncoding.EncodeToString(raw[:]), Kind: kind, PersonID: person, ScanID: scanID, Until: models.InstantOf(until),
		}
		p.links = append(p.links, link)
		p.set = append(p.set, pipe.Set(ctx, key(link.Token), encode(link), Life))
	}
	return p
}

// Made gives the links that Redis has confirmed.
func (p *Pending) Made() (made []models.ImageLink) {
	if p == nil {
		return nil
	}
	for i, cmd := range p.set {
		if cmd.Err() == nil && cmd.Val() == "OK" {
			made = append(made, p.links[i])
		}
	}
	return made
}

// Take gives what a link is for and ends it; models.ErrNotFound for none, ErrUnavailable when Redis cannot tell.
func (l *Links) Take(ctx context.Context, token string) (models.ImageLink, error) {
	if len(token) != base64.RawURLEncoding.EncodedLen(tokenBytes) {
		return models.ImageLink{}, models.ErrNotFound
	}
	held, err := l.rdb.GetDel(ctx, key(token)).Result()
	switch {
	case errors.Is(err, redis.Nil):
		return models.ImageLink{}, models.ErrNotFound
	case err != nil:
		return models.ImageLink{}, models.ErrUnavailable.Because(err)
	}
	link, err := decode(held)
	if err != nil || models.InstantOf(l.now()) >= link.Until {
		return models.ImageLink{}, models.ErrNotFound
	}
	link.Token = token
	return link, nil
}

// key is found by the hash of a token, as whoever reads Redis must not be able to use it.
func key(token string) string {
	sum := sha256.Sum256([]byte(token))
	return "yz:{link:" + base64.RawURLEncoding.EncodeToString(sum[:]) + "}"
}

func encode(l models.ImageLink) string {
	return strconv.FormatInt(l.PersonID, 10) + "|" + strconv.FormatInt(int64(l.Until), 10) + "|" + string(l.Kind) + "|" + l.ScanID
}

var errLink = errors.New("photolink: not a link of this version")

func decode(held string) (models.ImageLink, error) {
	parts := strings.Split(held, "|")
	if len(parts) != 4 {
		return models.ImageLink{}, errLink
	}
	person, err := strconv.ParseInt(parts[0], 10, 64)
	until, err2 := strconv.ParseInt(parts[1], 10, 64)
	return models.ImageLink{PersonID: person, Until: models.Instant(until), Kind: models.ImageKind(parts[2]), ScanID: parts[3]}, errors.Join(err, err2)
}
