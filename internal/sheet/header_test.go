package sheet

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"yanzheng/models"
)

func TestRefusedFiles(t *testing.T) {
	png := "\x89PNG\r\n\x1a\n" + strings.Repeat("\x00\x00\x00\rIHDR\x00\n", 20)
	utf16 := "n\x00a\x00m\x00e\x00\n\x00a\x00\n\x00"
	tests := []struct {
		name, file string
		want       *models.Error
		field      string
	}{
		{"empty", "", ErrEmpty, ""},
		{"mark alone", "\uFEFF", ErrEmpty, ""},
		{"blank lines alone", "\n \r\n\u3000\n", ErrEmpty, ""},
		{"UTF-16 little end", "\xff\xfen\x00", ErrUTF16, ""},
		{"UTF-16 big end", "\xfe\xff\x00n", ErrUTF16, ""},
		{"UTF-16 without mark", utf16, ErrBinary, ""},
		{"picture", png, ErrBinary, ""},
		{"NUL in the header", "name,number\x00,until\na,1,x\nb,2,y\nc,3,z\n", ErrBinary, ""},
		{"NUL in the header after a mark", "\uFEFFname\x00", ErrBinary, ""},
		{"old Excel", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + strings.Repeat("\x00", 1000), ErrXLS, ""},
		{"old Excel, cut off", "\xD0\xCF\x11\xE0", ErrXLS, ""},
		{"zip without end", "PK\x03\x04abc", ErrBroken, ""},
		{"empty zip", "PK\x05\x06" + strings.Repeat("\x00", 18), ErrBroken, ""},
		{"header not decodable", "name,\xff\n", ErrHeader, ""},
		{"header with an open quote", "name,\"number,until\n", ErrHeader, ""},
		{"header with control characters", "name,num\x1bber,until\n", ErrHeader, ""},
		{"lines end as on an old Mac", "name,number,until\ra,1,x\r", ErrHeader, ""},
		{"header too long", strings.Repeat("x", maxLine+1), ErrHeader, ""},
		{"all that is missing", "name,note\n", ErrMissing, "number,until"},
		{"missing between semicolons", "name;number;note\n", ErrMissing, "until"},
		{"missing between tabs", "number\tnote\tuntil\n", ErrMissing, "name"},
		{"all that is repeated", "name,number,until,NAME,until, name\n", ErrRepeated, "name,until"},
		{"missing comes first", "name,number,number\n", ErrMissing, "until"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := open(t, []byte(tt.file), people)
			if !errors.Is(err, tt.want) {
				t.Fatalf("error %v, want %s", err, tt.want.Code)
			}
			e := models.AsError(err)
			if e.Kind != models.KindMalformed || e.Field != tt.field {
				t.Errorf("kind %d, field %q, want %q", e.Kind, e.Field, tt.field)
			}
			for column := range strings.SplitSeq(tt.field, ",") {
				if !strings.Contains(e.Message.ZH, column) || !strings.Contains(e.Message.EN, column) {
					t.Errorf("%q is not named in %q, %q", column, e.Message.ZH, e.Message.EN)
				}
			}
		})
	}
	if strings.ContainsAny(ErrMissing.Message.EN, ":,") {
		t.Errorf("the declared error was changed: %q", ErrMissing.Message.EN)
	}
}

func TestUnknownColumnsMayRepeat(t *testing.T) {
	wantRows(t, []byte("x,name,number,until,x,,\n1,a,2,u,3\n"), "2 a|2|u|")
}

func TestWorkbookWithPassword(t *testing.T) {
	f := excelize.NewFile()
	defer f.Close()
	var buf bytes.Buffer
	if err := f.Write(&buf, excelize.Options{Password: "p"}); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, buf.Bytes(), people); !errors.Is(err, ErrEncrypted) {
		t.Errorf("error %v", err)
	}
}
