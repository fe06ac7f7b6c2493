package certificate

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"slices"

	"yanzheng/internal/pdfread"
	"yanzheng/models"
)

// MaxFile is the largest file that is checked, in bytes.
const MaxFile = 5 << 20

// Codes reads the text of a QR code.
type Codes interface {
	Read(text string) models.Reading
}

// Find tells whether a file with that digest was issued.
type Find = func(ctx context.Context, digest models.FileDigest) (bool, error)

// Checker says what files are that anybody may have sent.
type Checker struct {
	ring  *Ring
	codes Codes
}

// NewChecker makes a checker that knows our seals by a ring and our codes by a reader.
func NewChecker(ring *Ring, codes Codes) *Checker { return &Checker{ring, codes} }

// Check reads a file and says what it is. Whatever it holds, that takes bounded memory and time. A file beyond MaxFile is
// models.ErrFileTooLarge, read no further than that; otherwise there is only an error where reading or finding fails.
func (c *Checker) Check(ctx context.Context, file io.Reader, find Find) (models.FileCheck, error) {
	raw, err := io.ReadAll(io.LimitReader(file, MaxFile+1))
	if err != nil {
		return models.FileCheck{}, err
	}
	if len(raw) > MaxFile {
		return models.FileCheck{}, models.ErrFileTooLarge
	}
	digest := models.FileDigest(sha256.Sum256(raw))
	known, err := find(ctx, digest)
	if err != nil {
		return models.FileCheck{}, err
	}
	f, err := pdfread.Open(raw)
	if errors.Is(err, pdfread.ErrNotPDF) {
		return models.FileCheck{Status: models.FileNotOurs, Reasons: []models.FileReason{models.FileNotPDF}}, nil
	}
	if err != nil {
		return models.FileCheck{}, err
	}
	if err := ctx.Err(); err != nil { // whoever asked has left: each of these steps may take a while
		return models.FileCheck{}, err
	}
	x := &examination{Checker: c, raw: raw, file: f, seals: c.ring.sealsOf(raw, f)}
	if known {
		return x.issued(digest), nil
	}
	return x.judge(ctx, find)
}

// examination is one file under examination.
type examination struct {
	*Checker
	raw   []byte
	file  *pdfread.File
	seals []seal
}

// issued answers for a file that is ours byte for byte. The digest decides; seals that do not hold tell of a lost key.
func (x *examination) issued(digest models.FileDigest) models.FileCheck {
	result := models.FileCheck{Status: models.FileIssued, Issued: &digest}
	result.Code, _ = x.stated(x.file)
	if !x.holds(RoleBoard) || !x.holds(RoleDirector) {
		result.Reasons = append(result.Reasons, models.FileKeyUnknown)
	}
	if x.revoked() {
		result.Reasons = append(result.Reasons, models.FileKeyRevoked)
	}
	return result
}

// judge answers for any other file: everything that is found is a reason, and the first status that applies is the status.
func (x *examination) judge(ctx context.Context, find Find) (models.FileCheck, error) {
	var result models.FileCheck
	note := func(r models.FileReason) { result.Reasons = append(result.Reasons, r) }

	original, err := x.original(ctx, find)
	if err != nil {
		return result, err
	}
	source := x.file
	if end := x.covered(); end > 0 && end < len(x.raw) {
		if sealed, err := pdfread.Open(x.raw[:end]); err == nil {
			source = sealed // what was sealed says which certificate it is, not what came behind
		}
	}
	if err := ctx.Err(); err != nil {
		return result, err
	}
	code, others := x.stated(source)
	result.Code, result.Issued = code, original
	result.Shown = x.file.Codes()

	marked := result.Code != "" || slices.ContainsFunc(x.seals, func(s seal) bool { return s.key != nil })
	mismatch := x.compare(result, others, note)
	for _, text := range result.Shown {
		marked = marked || x.ours(text)
	}
	if !marked {
		result = models.FileCheck{Status: models.FileNotOurs, Shown: result.Shown, Reasons: []models.FileReason{models.FileNoMark}}
		if !x.file.Whole {
			note(models.FileUnreadable)
		}
		return result, nil
	}
	broken, missing := x.noteSeals(note)
	more := !broken && x.noteMore(note) // behind a seal that holds stands the one that does not
	if !x.file.Whole {
		note(models.FileUnreadable)
	}
	if x.revoked() {
		note(models.FileKeyRevoked)
	}
	switch {
	case mismatch:
		result.Status = models.FileQRMismatch
	case original != nil:
		result.Status = models.FileAppended
	case missing && !broken && !more && x.file.Whole:
		result.Status = models.FileSealMissing
	default:
		result.Status = models.FileAltered
		if !broken && !missing && !more {
			note(models.FileNoRecord)
		}
	}
	return result, nil
}

// compare holds the codes that the page shows against the one that the certificate states, and against each other.
func (x *examination) compare(result models.FileCheck, other bool, note func(models.FileReason)) (mismatch bool) {
	own := result.Code
	foreign := false
	for _, text := range result.Shown {
		switch {
		case !x.ours(text):
			foreign = foreign || own != ""
		case own == "":
			own = text // a copy that lost what it stated: its first code is its own
		case text != own:
			other = true
		}
	}
	if other {
		note(models.FileOtherCode)
	}
	if foreign {
		note(models.FileForeignCode)
	}
	if own != "" && len(result.Shown) == 0 {
		note(models.FileNoCode)
	}
	return other || foreign
}

// noteSeals says of each seal whether it is missing or does not hold.
func (x *examination) noteSeals(note func(models.FileReason)) (broken, missing bool) {
	for _, one := range []struct {
		role    Role
		missing models.FileReason
		broken  models.FileReason
	}{
		{RoleBoard, models.FileBoardMissing, models.FileBoardBroken},
		{RoleDirector, models.FileDirectorMissing, models.FileDirectorBroken},
	} {
		switch {
		case x.holds(one.role):
		case slices.ContainsFunc(x.seals, func(s seal) bool { return s.role == one.role }):
			note(one.broken)
			broken = true
		default:
			note(one.missing)
			missing = true
		}
	}
	return broken, missing
}

// noteMore says what follows behind the last seal that holds.
func (x *examination) noteMore(note func(models.FileReason)) (more bool) {
	end := x.covered()
	if end == 0 || end == len(x.raw) {
		return false
	}
	note(models.FileMoreBehind)
	if slices.ContainsFunc(x.file.Objects(), func(o *pdfread.Object) bool { return o.Start >= end }) {
		note(models.FileLaterRevision)
	}
	return true
}

// original gives the digest of the issued file with which this one begins, if it does.
func (x *examination) original(ctx context.Context, find Find) (*models.FileDigest, error) {
	for _, s := range x.seals {
		if !s.holds || s.end >= len(x.raw) {
			continue
		}
		digest := models.FileDigest(sha256.Sum256(x.raw[:s.end]))
		if known, err := find(ctx, digest); err != nil {
			return nil, err
		} else if known {
			return &digest, nil
		}
	}
	return nil, nil
}

// covered is how far the seals that hold reach.
func (x *examination) covered() int {
	end := 0
	for _, s := range x.seals {
		if s.holds {
			end = max(end, s.end)
		}
	}
	return end
}

func (x *examination) holds(role Role) bool {
	return slices.ContainsFunc(x.seals, func(s seal) bool { return s.role == role && s.holds })
}

// revoked tells whether a key that made a seal was declared leaked since: then seals alone say nothing, and the digest all.
func (x *examination) revoked() bool {
	return slices.ContainsFunc(x.seals, func(s seal) bool { return s.key != nil && s.key.Revoked() })
}

// stated gives the code of ours that a file states in its link or among its keywords, and whether it also states another.
func (x *examination) stated(f *pdfread.File) (code string, others bool) {
	for _, text := range f.Links() {
		switch {
		case text == code || !x.ours(text):
		case code == "":
			code = text
		default:
			others = true
		}
	}
	return code, others
}

func (x *examination) ours(text string) bool { return x.codes.Read(text).Outcome == models.ReadGenuine }
