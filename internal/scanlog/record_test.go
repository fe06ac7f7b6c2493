package scanlog

import (
	"context"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"yanzheng/internal/compact"
	"yanzheng/internal/testkit"
	"yanzheng/models"
)

func recordSamples() []models.Scan {
	odd := fullScan("\xff\x00")
	odd.At, odd.FactsAsOf, odd.RegistrationID = -1<<63, 1<<63-1, new(int64(-1))
	odd.UserID, odd.CodeDigest, odd.Note = new(""), []byte{}, strings.Repeat("𠮷", models.MaxNoteLength)
	odd.LatCenti, odd.LngCenti = new(int32(-1<<31)), new(int32(0))
	half := bareScan("half")
	half.LngCenti, half.CertificateID = new(int32(7)), &models.CertificateID{}
	return []models.Scan{{}, bareScan("bare"), fullScan("0199d2a0-7c1e-7000-8000-0123456789ab"), odd, half}
}

func TestRecordRoundTrip(t *testing.T) {
	for i, want := range recordSamples() {
		record := string(encodeRecord(&want))
		got, err := decodeRecord(record)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("sample %d: %v\ngot  %+v\nwant %+v", i, err, got, want)
		}
		// Nothing less, nothing more and nothing else is a record.
		for n := range record {
			if s, err := decodeRecord(record[:n]); err == nil {
				t.Errorf("sample %d cut to %d bytes reads as %+v", i, n, s)
			}
		}
		if s, err := decodeRecord(record + "\x00"); err == nil {
			t.Errorf("sample %d and one byte more reads as %+v", i, s)
		}
		for _, version := range []string{"\x00", "\x02", "\xff"} {
			if s, err := decodeRecord(version + record[1:]); err == nil {
				t.Errorf("sample %d of version %q reads as %+v", i, version, s)
			}
		}
	}
}

// A field that the codec forgets would be empty in the database.
func TestRecordForgetsNoField(t *testing.T) {
	full := fullScan("full")
	v := reflect.ValueOf(full)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Errorf("the fullest sample lacks %s: give it one, and see that the codec carries it", v.Type().Field(i).Name)
		}
	}
	got, err := decodeRecord(string(encodeRecord(&full)))
	testkit.Must(t, err)
	for i := range v.NumField() {
		if reflect.ValueOf(got).Field(i).IsZero() {
			t.Errorf("%s is lost", v.Type().Field(i).Name)
		}
	}
}

// What a program wrote before an upgrade is read after it: whoever changes the layout changes recordVersion.
func TestRecordLayout(t *testing.T) {

	full := fullScan("full")
	if got := hex.EncodeToString(encodeRecord(&full)); got != layout {
		t.Errorf("the layout of version 1 is now\n%s\nwas\n%s", got, layout)
	}
}

func TestRecordRefusesWhatNobodyWrote(t *testing.T) {
	bare := models.Scan{}
	record := encodeRecord(&bare)
	for name, change := range map[string]func(b []byte) []byte{
		"a flag without a meaning": func(b []byte) []byte { b[1] |= 0x80; return b },
		"a longer zero":            func(b []byte) []byte { return append([]byte{b[0], b[1], 0x80, 0}, b[3:]...) },
		"a position beyond 32 bits": func(b []byte) []byte {
			b[1] |= hasLat
			return append(compact.AppendNumber(b[:len(b)-1], 1<<32), 0)
		},
		"a length beyond everything": func(b []byte) []byte { return append(compact.AppendNumber(b[:2], 1<<62), b[3:]...) },
	} {
		changed := string(change([]byte(string(record))))
		if s, err := decodeRecord(changed); err == nil {
			t.Errorf("%s reads as %+v", name, s)
		}
	}
	huge := string(compact.AppendNumber(record[:2:2], 1<<62))
	if allocated := testing.AllocsPerRun(10, func() { _, _ = decodeRecord(huge) }); allocated > 5 {
		t.Errorf("%v allocations for a made-up length", allocated)
	}
}

func FuzzDecodeRecord(f *testing.F) {
	for _, s := range recordSamples() {
		f.Add(string(encodeRecord(&s)))
	}
	f.Fuzz(func(t *testing.T, record string) {
		s, err := decodeRecord(record)
		if err != nil {
			if !reflect.DeepEqual(s, models.Scan{}) {
				t.Errorf("%q is refused, and half read: %+v", record, s)
			}
			return
		}
		if again := string(encodeRecord(&s)); again != record {
			t.Errorf("%q reads as what is written %q", record, again)
		}
	})
}

// confirming is a pipe to a Redis that confirms at once.
type confirming struct{}

func (confirming) Process(_ context.Context, cmd redis.Cmder) error {
	cmd.(*redis.StringCmd).SetVal("1772416800123-0")
	return nil
}

func BenchmarkRecord(b *testing.B) {
	full := fullScan("0199d2a0-7c1e-7000-8000-0123456789ab")
	record := string(encodeRecord(&full))
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			encodeRecord(&full)
		}
		b.ReportMetric(float64(len(record)), "bytes")
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := decodeRecord(record); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("queue and confirm", func(b *testing.B) {
		b.ReportAllocs()
		l := New(Options{Hot: redis.NewClient(&redis.Options{})}) // never asked
		for b.Loop() {
			if err := l.Queue(b.Context(), confirming{}, full).Confirm(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// layout is fullScan("full") in version 1.
const layout = "017f0866756c6cf6d5b0c495670661706920fe00fe00fe00fe00fe00fe00fe00fe0016752d696e73706563746f72" +
	"ff00000000000009808080808040106f7574646174656426696e666f726d6174696f6e5f6368616e67656410696e5f666f726365" +
	"b0c4b0c49567106461746162617365cf8c01a0990224e78eb0e59cbae6a380e69fa5c2b7f0a0aeb7"
