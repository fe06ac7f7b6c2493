package factcache

import (
	"errors"

	"yanzheng/internal/compact"
	"yanzheng/models"
)

// codecVersion changes with the layout; an entry of another one is a miss.
const codecVersion = 2

var errEntry = errors.New("factcache: not an entry of this version")

// encodeFacts writes facts compactly: numbers as varints, texts with their length. A national register
// holds tens of millions of them.
func encodeFacts(f *models.Facts) string {
	b := make([]byte, 0, 320)
	b = append(b, codecVersion)
	b = append(b, images(f))
	b = append(b, f.CertificateID[:]...)
	for _, n := range []int64{
		f.RegistrationID, f.PersonID, f.Version, int64(f.Kind), int64(f.KeyNumber),
		int64(f.UseFrom), int64(f.UseUntil), int64(f.WithdrawnOn),
		int64(f.ValidFrom), int64(f.ValidUntil), int64(f.StateSince),
	} {
		b = compact.AppendNumber(b, n)
	}
	for _, s := range []string{
		f.Name, string(f.Category), f.CertificateNumber, f.SealNumber, f.Employer, f.EmployerCode,
		f.Specialty, string(f.State), f.IDNumberMasked,
	} {
		b = compact.AppendText(b, s)
	}
	b = compact.AppendNumber(b, int64(len(f.Changed)))
	for _, c := range f.Changed {
		b = compact.AppendText(b, string(c))
	}
	b = compact.AppendNumber(b, int64(len(f.Blocks)))
	for _, k := range f.Blocks {
		b = compact.AppendText(b, string(k.Kind))
		b = compact.AppendNumber(b, int64(k.From))
		b = compact.AppendNumber(b, int64(k.Until))
	}
	return string(b)
}

// decodeFacts is the inverse of encodeFacts; it refuses whatever is not wholly an entry.
func decodeFacts(s string) (*models.Facts, error) {
	d := compact.Read(s)
	if d.Byte() != codecVersion {
		return nil, errEntry
	}
	f := &models.Facts{}
	has := d.Byte()
	f.HasPhoto, f.HasSignature = has&hasPhoto != 0, has&hasSignature != 0
	if has > hasPhoto|hasSignature {
		return nil, errEntry
	}
	copy(f.CertificateID[:], d.Take(int64(len(f.CertificateID))))
	f.RegistrationID, f.PersonID, f.Version = d.Number(), d.Number(), d.Number()
	f.Kind, f.KeyNumber = uint8(d.Number()), uint8(d.Number()) //nolint:gosec // written from uint8
	f.UseFrom, f.UseUntil, f.WithdrawnOn = readDate(&d), readDate(&d), readDate(&d)
	f.ValidFrom, f.ValidUntil, f.StateSince = readDate(&d), readDate(&d), readDate(&d)
	f.Name, f.Category = d.Text(), models.Category(d.Text())
	f.CertificateNumber, f.SealNumber = d.Text(), d.Text()
	f.Employer, f.EmployerCode, f.Specialty = d.Text(), d.Text(), d.Text()
	f.State, f.IDNumberMasked = models.State(d.Text()), d.Text()
	for range d.Count() {
		f.Changed = append(f.Changed, models.Field(d.Text()))
	}
	for range d.Count() {
		f.Blocks = append(f.Blocks, models.Block{
			RegistrationID: f.RegistrationID, Kind: models.BlockKind(d.Text()), From: readDate(&d), Until: readDate(&d),
		})
	}
	if !d.Whole() {
		return nil, errEntry
	}
	return f, nil
}

// Which images the person has.
const (
	hasPhoto byte = 1 << iota
	hasSignature
)

func images(f *models.Facts) (has byte) {
	if f.HasPhoto {
		has |= hasPhoto
	}
	if f.HasSignature {
		has |= hasSignature
	}
	return has
}

func readDate(r *compact.Reader) models.Date { return models.Date(r.Number()) } //nolint:gosec // written from a Date
