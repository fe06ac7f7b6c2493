package certificate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"testing"
	"time"

	"yanzheng/models"
)

// FuzzCheck tampers with an issued file: a piece of it is replaced, it is cut, something is put behind. Only the file itself is
// issued, only a file that goes on behind it is appended to, and nothing takes long.
func FuzzCheck(f *testing.F) {
	k := newDesk(f)
	for _, body := range hostile() {
		if len(body) < 4<<10 {
			f.Add(uint32(0), []byte(nil), uint32(1<<30), []byte(body))
		}
	}
	f.Add(uint32(0), []byte(nil), uint32(1<<30), []byte(nil))
	f.Add(uint32(90_000), []byte("/ByteRange[0 0 0 0]"), uint32(1<<30), []byte("\n"))
	f.Add(uint32(500), []byte{0}, uint32(100_000), []byte("%%EOF"))
	f.Fuzz(func(t *testing.T, at uint32, with []byte, cut uint32, tail []byte) {
		pdf := bytes.Clone(k.file.PDF)
		copy(pdf[int(at)%len(pdf):], with)
		pdf = append(pdf[:min(len(pdf), int(cut))], tail...)
		if len(pdf) > MaxFile {
			return
		}
		began := time.Now()
		got, err := NewChecker(k.ring, k.codes).Check(context.Background(), bytes.NewReader(pdf), issuedFiles(k.file))
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > time.Minute {
			t.Errorf("it took %v", took)
		}
		if same := models.FileDigest(sha256.Sum256(pdf)) == k.file.Digest; same != (got.Status == models.FileIssued) {
			t.Errorf("%s, though the same file is %t", got.Status, same)
		}
		if begins := bytes.HasPrefix(pdf, k.file.PDF); got.Status == models.FileAppended && !begins {
			t.Error("appended to a file that it does not begin with")
		}
		if (got.Issued != nil) && !bytes.HasPrefix(pdf, k.file.PDF) {
			t.Error("it names an issued file that it does not begin with")
		}
	})
}

// FuzzVerify: no bytes are a signature of ours but those that we made.
func FuzzVerify(f *testing.F) {
	r := ring(f)
	k, err := r.signer(RoleBoard, models.DateOf(madeAt))
	if err != nil {
		f.Fatal(err)
	}
	text := []byte("a text")
	good, err := sign(text, k)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint16(0), []byte(nil))
	f.Add(uint16(20), []byte{0x80})
	f.Add(uint16(len(good)-3), []byte{1, 2, 3})
	f.Add(uint16(0), bytes.Repeat([]byte{0x30, 0x80}, 1500))
	f.Fuzz(func(t *testing.T, at uint16, with []byte) {
		der := make([]byte, sealSpace)
		copy(der, good)
		copy(der[int(at)%sealSpace:], with)
		c, err := r.open(der)
		if err != nil {
			return
		}
		if c.verify(r, text, madeAt) == nil && c.verify(r, []byte("another text"), madeAt) == nil {
			t.Error("one signature is good for two texts")
		}
	})
}
