package sheet

import (
	"bytes"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/text/encoding/simplifiedchinese"
)

func gb18030(t testing.TB, s string) string {
	t.Helper()
	encoded, err := simplifiedchinese.GB18030.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func TestGB18030(t *testing.T) {
	file := gb18030(t, "姓名,name,number,until\n"+
		"甲,王〇𬭚,1,㐀鿏\n"+
		"乙,\"李,四\",2, \u3000y\u3000\n"+
		"丙,买买提·阿布都,3,z\n")
	file += "丁\xff,x,4,w\n" // UTF-8, and a byte of neither
	file += gb18030(t, "戊,赵,5,v\n己,\u0080钱,6,u\n")
	r, err := open(t, []byte(file), people)
	if err != nil {
		t.Fatal(err)
	}
	want := "2 王〇𬭚|1|㐀鿏| 3 李,四|2|y| 4 买买提·阿布都|3|z| 5 !bad_encoding 6 赵|5|v| 7 !control_character name"
	if got := strings.Join(rest(t, r), " "); got != want {
		t.Errorf("rows\n got %q\nwant %q", got, want)
	}
	if got := r.Ignored(); len(got) != 1 || got[0] != "姓名" {
		t.Errorf("ignored %q", got)
	}
}

func TestGB18030WithMark(t *testing.T) {
	wantRows(t, []byte(gb18030(t, "\uFEFF\"name\",number,until\n王,1,x\n")), "2 王|1|x|")
}

func TestCharactersCutShortKeepTheirSeparator(t *testing.T) {
	file := gb18030(t, "name,number,until\n王,1,x\n李,2,y\n") + "\xcd,3,z\n\x81\x30,4,w\n\x81\x30\x81,5,v\n陈\n"
	wantRows(t, []byte(file), "2 王|1|x|", "3 李|2|y|", "4 !bad_encoding", "5 !bad_encoding", "6 !bad_encoding", "7 !bad_encoding")
}

// A person's name must not decide the encoding of a million others.
func TestMajorityDecides(t *testing.T) {
	header, good, other := "name,number,until\n", "王,1,x\n", gb18030(t, "李,2,y\n")
	wantRows(t, []byte(header+other+good+good), "2 !bad_encoding", "3 王|1|x|", "4 王|1|x|")
	wantRows(t, []byte(header+other+good), "2 !bad_encoding", "3 王|1|x|")
	wantRows(t, []byte(header+gb18030(t, good)+other+"\xff\xff,3,z\n"), "2 王|1|x|", "3 李|2|y|", "4 !bad_encoding")
	// The mark decides against any majority.
	wantRows(t, []byte("\uFEFF"+header+other+good+other), "2 !bad_encoding", "3 王|1|x|", "4 !bad_encoding")
}

func TestCensus(t *testing.T) {
	tests := []struct {
		file string
		want census
	}{
		{"", census{}},
		{"\n", census{lines: 1}},
		{"a\nb", census{lines: 2}},
		{"a\n王\n\xcd\xf5\n𬭚\x00\n", census{lines: 4, utf8: 2, foreign: 1, nul: 1}},
		{"a\n\xe7\x8e", census{lines: 2, foreign: 1}},
		{"\xe7\n\x8e\x8b", census{lines: 2, foreign: 2}},
	}
	for _, tt := range tests {
		got, err := takeCensus(iotest.OneByteReader(strings.NewReader(tt.file)))
		if err != nil || got != tt.want {
			t.Errorf("%q: %+v, %v, want %+v", tt.file, got, err, tt.want)
		}
	}
}

// Characters that lie across the pieces in which the file is read must not be taken for bad ones.
func TestCensusAcrossPieces(t *testing.T) {
	for shift := range 8 {
		file := strings.Repeat("x", shift) + strings.Repeat("王𬭚", 200_000) + "\nabc\n"
		got, err := takeCensus(strings.NewReader(file))
		if want := (census{lines: 2, utf8: 1}); err != nil || got != want {
			t.Errorf("shift %d: %+v, %v", shift, got, err)
		}
	}
}

func TestASCII(t *testing.T) {
	for n := range 40 {
		b := bytes.Repeat([]byte("a"), n)
		if !ascii(b) {
			t.Errorf("%d bytes are not ASCII", n)
		}
		for i := range b {
			b[i] = 0x80
			if ascii(b) {
				t.Errorf("byte %d of %d overlooked", i, n)
			}
			b[i] = 'a'
		}
	}
}
