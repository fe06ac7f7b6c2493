package factcache

import (
	"encoding/binary"
	"errors"

	"yanzheng/models"
)

// codecVersion changes with the layout; an entry of another one is a miss.
const codecVersion = 1

var errEntry = errors.New("factcache: not an entry of this version")

// encodeFacts writes facts compactly: numbers as varints, texts with their length. A national register
// holds tens of millions of them.
func encodeFacts(f *models.Facts) string {
	b := make([]byte, 0, 320)
	b = append(b, codecVersion)
	b = append(b, f.CertificateID[:]...)
	for _, n := range []int64{
		f.RegistrationID, f.PersonID, f.Version, int64(f.Kind), int64(f.KeyNumber),
		int64(f.UseFrom), int64(f.UseUntil), int64(f.WithdrawnOn),
		int64(f.ValidFrom), int64(f.ValidUntil), int64(f.StateSince),
	} {
		b = binary.AppendVarint(b, n)
	}
	for _, s := range []string{
		f.Name, string(f.Category), f.CertificateNumber, f.SealNumber, f.Employer, f.EmployerCode,
		f.Specialty, string(f.State), f.IDNumberMasked,
	} {
		b = appendText(b, s)
	}
	b = binary.AppendVarint(b, int64(len(f.Changed)))
	for _, c := range f.Changed {
		b = appendText(b, string(c))
	}
	b = binary.AppendVarint(b, int64(len(f.Blocks)))
	for _, k := range f.Blocks {
		b = appendText(b, string(k.Kind))
		b = binary.AppendVarint(b, int64(k.From))
		b = binary.AppendVarint(b, int64(k.Until))
	}
	return string(b)
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendVarint(b, int64(len(s))), s...)
}

// decodeFacts is the inverse of encodeFacts; it refuses whatever is not wholly an entry.
func decodeFacts(s string) (*models.Facts, error) {
	d := decoder{rest: s}
	if d.byte() != codecVersion {
		return nil, errEntry
	}
	f := &models.Facts{}
	copy(f.CertificateID[:], d.take(int64(len(f.CertificateID))))
	f.RegistrationID, f.PersonID, f.Version = d.number(), d.number(), d.number()
	f.Kind, f.KeyNumber = uint8(d.number()), uint8(d.number()) //nolint:gosec // written from uint8
	f.UseFrom, f.UseUntil, f.WithdrawnOn = d.date(), d.date(), d.date()
	f.ValidFrom, f.ValidUntil, f.StateSince = d.date(), d.date(), d.date()
	f.Name, f.Category = d.text(), models.Category(d.text())
	f.CertificateNumber, f.SealNumber = d.text(), d.text()
	f.Employer, f.EmployerCode, f.Specialty = d.text(), d.text(), d.text()
	f.State, f.IDNumberMasked = models.State(d.text()), d.text()
	for range d.count() {
		f.Changed = append(f.Changed, models.Field(d.text()))
	}
	for range d.count() {
		f.Blocks = append(f.Blocks, models.Block{
			RegistrationID: f.RegistrationID, Kind: models.BlockKind(d.text()), From: d.date(), Until: d.date(),
		})
	}
	if d.bad || d.rest != "" {
		return nil, errEntry
	}
	return f, nil
}

// decoder reads from the front of rest; the first fault stays.
type decoder struct {
	rest string
	bad  bool
}

func (d *decoder) take(n int64) string {
	if n < 0 || n > int64(len(d.rest)) {
		d.bad, d.rest = true, ""
		return ""
	}
	s := d.rest[:n]
	d.rest = d.rest[n:]
	return s
}

func (d *decoder) byte() byte {
	if s := d.take(1); s != "" {
		return s[0]
	}
	return 0
}

func (d *decoder) number() int64 {
	head := d.rest[:min(len(d.rest), binary.MaxVarintLen64)]
	n, size := binary.Varint([]byte(head))
	if size <= 0 {
		d.bad, d.rest = true, ""
		return 0
	}
	d.rest = d.rest[size:]
	return n
}

// count is a number of things that follow; each takes a byte at least.
func (d *decoder) count() int64 {
	n := d.number()
	if n < 0 || n > int64(len(d.rest)) {
		d.bad, d.rest = true, ""
		return 0
	}
	return n
}

func (d *decoder) date() models.Date { return models.Date(d.number()) } //nolint:gosec // written from a Date
func (d *decoder) text() string      { return d.take(d.number()) }
