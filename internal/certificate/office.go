package certificate

import (
	"context"
	"io"
	"sync/atomic"

	"yanzheng/models"
)

// Office issues and checks files with the ring that is in use, which may be replaced at any time.
type Office struct {
	press *Press
	codes Codes
	ring  atomic.Pointer[Ring]
}

// NewOffice puts a press, a reader of codes and a ring together.
func NewOffice(press *Press, codes Codes, ring *Ring) *Office {
	o := &Office{press: press, codes: codes}
	o.Use(ring)
	return o
}

// Use takes another ring into use: for what begins from now on.
func (o *Office) Use(ring *Ring) { o.ring.Store(ring) }

// Ring gives the ring in use.
func (o *Office) Ring() *Ring { return o.ring.Load() }

// Issue is Press.Issue with the ring in use.
func (o *Office) Issue(d *models.Document) (models.File, error) { return o.press.Issue(d, o.Ring()) }

// Album is Press.Album.
func (o *Office) Album(d *models.Document, pdf []byte) ([]byte, error) { return o.press.Album(d, pdf) }

// Check is Checker.Check with the ring in use.
func (o *Office) Check(ctx context.Context, file io.Reader, find Find) (models.FileCheck, error) {
	return NewChecker(o.Ring(), o.codes).Check(ctx, file, find)
}
