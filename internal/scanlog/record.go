package scanlog

import (
	"errors"

	"yanzheng/internal/compact"
	"yanzheng/models"
)

// recordVersion changes with the layout. While programs are replaced one by one, an older one still consumes: a release
// must read a new layout before the next one writes it.
const recordVersion = 1

var errRecord = errors.New("scanlog: not a record of this version")

// What a record has, apart from what every scan has.
const (
	hasUsable byte = 1 << iota // it is
	hasDigest
	hasUser
	hasCertificate
	hasRegistration
	hasLat
	hasLng
)

func contents(s *models.Scan) (flags byte) {
	for i, has := range [...]bool{
		s.Usable, s.CodeDigest != nil, s.UserID != nil, s.CertificateID != nil, s.RegistrationID != nil, s.LatCenti != nil, s.LngCenti != nil,
	} {
		if has {
			flags |= 1 << i
		}
	}
	return flags
}

// encodeRecord writes a scan as the stream holds it.
func encodeRecord(s *models.Scan) []byte {
	flags := contents(s)
	b := make([]byte, 0, 256+len(s.Note))
	b = append(b, recordVersion, flags)
	b = compact.AppendText(b, s.ID)
	b = compact.AppendNumber(b, int64(s.At))
	b = compact.AppendText(b, string(s.Channel))
	if flags&hasDigest != 0 {
		b = compact.AppendText(b, string(s.CodeDigest))
	}
	if flags&hasUser != 0 {
		b = compact.AppendText(b, *s.UserID)
	}
	if flags&hasCertificate != 0 {
		b = append(b, s.CertificateID[:]...)
	}
	if flags&hasRegistration != 0 {
		b = compact.AppendNumber(b, *s.RegistrationID)
	}
	b = compact.AppendText(b, string(s.DocumentStatus))
	b = compact.AppendText(b, string(s.DocumentReason))
	b = compact.AppendText(b, string(s.RegistrationStatus))
	b = compact.AppendNumber(b, int64(s.FactsAsOf))
	b = compact.AppendText(b, string(s.FactsSource))
	if flags&hasLat != 0 {
		b = compact.AppendNumber(b, int64(*s.LatCenti))
	}
	if flags&hasLng != 0 {
		b = compact.AppendNumber(b, int64(*s.LngCenti))
	}
	return compact.AppendText(b, s.Note)
}

// decodeRecord is the inverse of encodeRecord; it refuses whatever that does not write.
func decodeRecord(record string) (models.Scan, error) {
	var s models.Scan
	r := compact.Read(record)
	if r.Byte() != recordVersion {
		return s, errRecord
	}
	flags := r.Byte()
	s.Usable = flags&hasUsable != 0
	s.ID, s.At, s.Channel = r.Text(), models.Instant(r.Number()), models.Channel(r.Text())
	if flags&hasDigest != 0 {
		s.CodeDigest = []byte(r.Text())
	}
	if flags&hasUser != 0 {
		s.UserID = new(r.Text())
	}
	if flags&hasCertificate != 0 {
		s.CertificateID = new(models.CertificateID)
		copy(s.CertificateID[:], r.Take(int64(len(s.CertificateID))))
	}
	if flags&hasRegistration != 0 {
		s.RegistrationID = new(r.Number())
	}
	s.DocumentStatus, s.DocumentReason = models.DocumentStatus(r.Text()), models.Reason(r.Text())
	s.RegistrationStatus = models.RegistrationStatus(r.Text())
	s.FactsAsOf, s.FactsSource = models.Instant(r.Number()), models.Source(r.Text())
	if flags&hasLat != 0 {
		s.LatCenti = new(int32(r.Number()))
	}
	if flags&hasLng != 0 {
		s.LngCenti = new(int32(r.Number()))
	}
	s.Note = r.Text()
	// Numbers out of range, flags without a meaning, numbers in a longer form: none of them comes out as it came in.
	if !r.Whole() || string(encodeRecord(&s)) != record {
		return models.Scan{}, errRecord
	}
	return s, nil
}
