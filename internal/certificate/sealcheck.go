package certificate

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"yanzheng/internal/pdfread"
)

// seal is one signature in a file, and what became of it.
type seal struct {
	role  Role
	key   *Key // the key of ours that its signature names, or nil
	holds bool // made by that key over all of the file up to end
	end   int
}

// sealsOf looks at the signatures of a file. A signature that is so broken that it names nobody still counts as the seal of
// the field it stands in.
func (r *Ring) sealsOf(raw []byte, f *pdfread.File) []seal {
	var seals []seal
	for _, s := range f.Signatures() {
		one := seal{role: Role(s.Field)}
		if c, err := r.open(s.Contents); err == nil {
			one.key, one.role = c.key, c.key.Role
			one.holds = r.covers(raw, s, c) == nil
			one.end = s.Ranges[2] + s.Ranges[3]
		}
		seals = append(seals, one)
	}
	return seals
}

// covers holds that a signature stands where it says, and is good for all that it says it covers.
func (r *Ring) covers(raw []byte, s pdfread.Signature, c *cms) error {
	covered, err := span(raw, s)
	if err != nil {
		return err
	}
	at, err := parseTime(s.Time)
	if err != nil {
		return err
	}
	return c.verify(r, covered, at)
}

var errSpan = errors.New("the signature does not cover the file but for its own place")

// span gives what a signature covers: the file from its beginning, but for the signature itself, which stands there in the
// one form in which we write it. Another form of the same signature would be a changed byte that nothing notices.
func span(raw []byte, s pdfread.Signature) ([]byte, error) {
	from, to, length := s.Ranges[1], s.Ranges[2], s.Ranges[3]
	place := fmt.Appendf(nil, "<%x>", s.Contents)
	if s.Ranges[0] != 0 || from < s.Start || to > s.End || to-from != len(place) || length < 0 || length > len(raw)-to || !bytes.Equal(raw[from:to], place) {
		return nil, errSpan
	}
	return append(bytes.Clone(raw[:from]), raw[to:to+length]...), nil
}

// parseTime reads a time as pdfTime writes it.
func parseTime(s string) (time.Time, error) {
	return time.Parse("D:20060102150405-07:00", strings.NewReplacer("'00'", ":00").Replace(s))
}
