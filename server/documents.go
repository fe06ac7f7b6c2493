package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"

	"yanzheng/internal/certificate"
	"yanzheng/internal/endorse"
	"yanzheng/internal/store"
	"yanzheng/internal/turns"
	"yanzheng/internal/verify"
	"yanzheng/models"
)

// lines are where those wait who ask for work that takes a processor for long, so that scans never wait for them.
type lines struct {
	door     *turns.Line // holders who want a certificate or its file: who they are
	entrance *turns.Line // holders who confirm or download
	press    *turns.Line // making a file: some 10 ms
	album    *turns.Line // making a picture: some 300 ms
	bodies   *turns.Line // files in memory that are to be checked: 5 MB each, twice
	looks    *turns.Line // checking a file: some 50 ms
	uploads  *turns.Line // pictures that are sent: up to 200 MB each while they are decoded
	shows    *turns.Line // pictures that are shown once
}

// Those who wait keep a few kilobytes each; what is made in a line that is full in 20 s is more than that.
const (
	doorAtOnce                      = 16
	entranceAtOnce, entranceWaiting = 16, 4000
	albumWaiting                    = 64
	bodiesAtOnce, bodiesWaiting     = 8, 64
	uploadsAtOnce, uploadsWaiting   = 2, 14
	showsAtOnce, showsWaiting       = 2, 254
)

func newLines() *lines {
	half := max(1, runtime.GOMAXPROCS(0)/2) // the other half is for scans, whatever comes
	return &lines{
		door:     turns.New(doorAtOnce, entranceWaiting),
		entrance: turns.New(entranceAtOnce, entranceWaiting),
		press:    turns.New(half, entranceAtOnce),
		album:    turns.New(max(1, half/2), albumWaiting),
		bodies:   turns.New(bodiesAtOnce, bodiesWaiting),
		looks:    turns.New(max(1, half/2), bodiesAtOnce),
		uploads:  turns.New(uploadsAtOnce, uploadsWaiting),
		shows:    turns.New(showsAtOnce, showsWaiting),
	}
}

// all gives the lines by their names.
func (l *lines) all() map[string]*turns.Line {
	return map[string]*turns.Line{"door": l.door, "entrance": l.entrance, "press": l.press, "album": l.album, "bodies": l.bodies, "looks": l.looks,
		"uploads": l.uploads, "shows": l.shows}
}

// sealDir is the folder of the keys for seals.
func (p *parts) sealDir() string {
	if p.home != nil {
		return p.home.sealDir
	}
	return p.config.Keys.SealDir
}

// checkSeals holds a ring of keys for seals against those that this database knows.
func (p *parts) checkSeals(ctx context.Context, ring *certificate.Ring) error {
	public := map[string][]byte{}
	for _, k := range ring.Keys() {
		public[fmt.Sprintf("seal/%d", k.Number)] = k.Certificate.Raw
	}
	return p.store.CheckKeys(ctx, public)
}

// newOffice reads the keys for seals and draws what is the same on every certificate.
func (p *parts) newOffice(ctx context.Context, codes certificate.Codes) (*certificate.Office, error) {
	ring, err := certificate.Load(p.sealDir())
	if err != nil {
		return nil, fmt.Errorf("%w (server keys seals add makes them)", err)
	}
	if err := p.checkSeals(ctx, ring); err != nil {
		return nil, err
	}
	c := p.config.Certificate
	press, err := certificate.NewPress(certificate.Imprint{Board: c.Board, Director: c.Director, CheckAt: p.config.PublicURL})
	if err != nil {
		return nil, err
	}
	return certificate.NewOffice(press, codes, ring), nil
}

// newWallet puts together what holders do with their certificates.
func (s *server) newWallet() *endorse.Wallet {
	c := s.config.Certificate
	return endorse.NewWallet(endorse.WalletParts{
		Holders: s.store, Images: s.gallery, Files: s.vault,
		Holdings: s.store, Wishes: s.store, Withdrawals: s.store, Codes: s.codes, Printer: s.office, Propagator: s.parts,
		Turns:  endorse.Turns{Door: s.lines.door, Entrance: s.lines.entrance, Press: s.lines.press, Album: s.lines.album},
		Issuer: endorse.Issuer{Type: c.TypeCode, Code: c.IssuerCode}, Now: s.now,
	})
}

// newFiles puts together what checks files.
func (s *server) newFiles() *verify.Files {
	return verify.NewFiles(s.verifier, s.office, s.guarded(), s.lines.bodies, s.lines.looks)
}

// FileIssued tells whether a file was issued, while somebody waits for the answer.
func (g guarded) FileIssued(ctx context.Context, digest models.FileDigest) (issued bool, err error) {
	err = g.guard.Ask(ctx, func(ctx context.Context) (err error) {
		issued, err = g.Store.FileIssued(ctx, digest)
		return err
	})
	return issued, err
}

// watchSeals reads the keys for seals again and again, as watchKeys does the key ring.
func (s *server) watchSeals(ctx context.Context) {
	every(ctx, keyRingEvery, func() {
		ring, err := certificate.Load(s.sealDir())
		if err != nil {
			s.log.ErrorContext(ctx, "keys for seals cannot be read: a key revoked now would go unnoticed", "error", err)
			return
		}
		if !sameSeals(ring, s.office.Ring()) {
			if err := s.checkSeals(ctx, ring); errors.Is(err, store.ErrKeyDiffers) {
				s.log.ErrorContext(ctx, "keys for seals of another installation: not used", "error", err)
				return
			} else if err != nil {
				s.log.WarnContext(ctx, "keys for seals changed, and the database cannot be asked about them: the old ones stay", "error", err)
				return
			}
		}
		s.office.Use(ring)
	})
}

// sameSeals tells whether two rings have the same keys.
func sameSeals(a, b *certificate.Ring) bool {
	left, right := a.Keys(), b.Keys()
	if len(left) != len(right) {
		return false
	}
	for i := range left {
		if !bytes.Equal(left[i].Certificate.Raw, right[i].Certificate.Raw) {
			return false
		}
	}
	return true
}
