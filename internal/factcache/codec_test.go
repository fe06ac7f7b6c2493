package factcache

import (
	"encoding/binary"
	"reflect"
	"strings"
	"testing"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

// kinds of facts that a cell may have to hold, from the barest to the fullest.
func codecSamples() []*models.Facts {
	full := sample(9)
	full.RegistrationID, full.PersonID, full.Version = 1<<62, -1, 1<<53
	full.Kind, full.KeyNumber = 255, 31
	full.Specialty, full.State, full.StateSince = "建筑|\x00\n", models.StateRevoked, models.MustDate("9999-12-31")
	full.WithdrawnOn = models.MustDate("0001-01-01")
	full.HasPhoto, full.HasSignature = true, true
	full.Changed = []models.Field{models.FieldName, "", models.FieldValidUntil}
	full.Blocks = []models.Block{
		{RegistrationID: 1 << 62, Kind: models.BlockPenalty, From: 1, Until: 0},
		{RegistrationID: 1 << 62, Kind: "", From: -5, Until: 1<<31 - 1},
	}
	long := sample(10)
	long.Employer, long.Name = strings.Repeat("院", 100), strings.Repeat("𠮷", 50)
	plain := sample(11)
	return []*models.Facts{{}, &plain, &long, &full}
}

func TestCodecRoundTrip(t *testing.T) {
	for i, want := range codecSamples() {
		entry := encodeFacts(want)
		got, err := decodeFacts(entry)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("sample %d: %v\ngot  %+v\nwant %+v", i, err, got, want)
		}
		if len(entry) > 1200 {
			t.Errorf("sample %d takes %d bytes", i, len(entry))
		}
		// Nothing less and nothing more is an entry.
		for n := range entry {
			if f, err := decodeFacts(entry[:n]); err == nil {
				t.Errorf("sample %d cut to %d bytes reads as %+v", i, n, f)
			}
		}
		if f, err := decodeFacts(entry + "\x00"); err == nil {
			t.Errorf("sample %d and one byte more reads as %+v", i, f)
		}
		if f, err := decodeFacts("\x01" + entry[1:]); err == nil {
			t.Errorf("sample %d of another layout reads as %+v", i, f)
		}
	}
}

// Every field of the facts must go through the cache: one that the codec forgets would be empty in every
// answer but the first.
func TestCodecForgetsNoField(t *testing.T) {
	full := codecSamples()[3]
	v := reflect.ValueOf(*full)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Errorf("the fullest sample lacks %s: give it one, and see that the codec carries it", v.Type().Field(i).Name)
		}
	}
	got, err := decodeFacts(encodeFacts(full))
	testkit.Must(t, err)
	for i := range v.NumField() {
		if reflect.ValueOf(*got).Field(i).IsZero() {
			t.Errorf("%s is lost", v.Type().Field(i).Name)
		}
	}
}

// A block's own number is the database's business; no verdict knows it, and a cell does not keep it.
func TestCodecLeavesBlockNumbersOut(t *testing.T) {
	f := sample(12)
	f.Blocks = []models.Block{{ID: 5, RegistrationID: f.RegistrationID, Kind: models.BlockPenalty, From: 1}}
	got, err := decodeFacts(encodeFacts(&f))
	testkit.Must(t, err)
	f.Blocks[0].ID = 0
	if !reflect.DeepEqual(got, &f) {
		t.Errorf("got %+v, want %+v", got, f)
	}
}

// A count or a length that somebody made up must cost nothing: neither memory nor a panic.
func TestCodecRefusesMadeUpLengths(t *testing.T) {
	f := sample(13)
	entry := encodeFacts(&f)
	head := entry[:len(entry)-2] // all but the two counts
	for _, n := range []int64{-1, 1, 2, 1 << 40, 1<<63 - 1, -1 << 63} {
		huge := string(binary.AppendVarint(nil, n))
		for _, s := range []string{head + huge, head + huge + "\x00", head + "\x00" + huge, head[:9] + huge, entry[:1] + huge} {
			if f, err := decodeFacts(s); err == nil {
				t.Errorf("%d in the place of a length reads as %+v", n, f)
			}
		}
	}
	if allocated := testing.AllocsPerRun(10, func() { _, _ = decodeFacts(head + string(binary.AppendVarint(nil, 1<<40))) }); allocated > 30 {
		t.Errorf("%v allocations for a made-up count", allocated)
	}
}

func FuzzDecodeFacts(f *testing.F) {
	for _, s := range codecSamples() {
		f.Add(encodeFacts(s))
	}
	f.Fuzz(func(t *testing.T, entry string) {
		facts, err := decodeFacts(entry)
		if err != nil {
			return
		}
		// Whatever reads as facts is written as facts that read the same.
		again, err := decodeFacts(encodeFacts(facts))
		if err != nil || !reflect.DeepEqual(again, facts) {
			t.Errorf("%q reads as %+v, then as %+v, %v", entry, facts, again, err)
		}
	})
}
