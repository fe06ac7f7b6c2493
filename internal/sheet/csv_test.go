package sheet

import (
	"strings"
	"testing"
)

func TestCSVLines(t *testing.T) {
	const header = "name,number,until\n"
	long := strings.Repeat("x", maxLine)
	tests := []struct {
		name, file string
		want       []string
	}{
		{"line ends", "name,number,until\r\na,1,x\r\nb,2,y\nc,3,z", []string{"2 a|1|x|", "3 b|2|y|", "4 c|3|z|"}},
		{"last line ends in a carriage return", header + "a,1,x\r", []string{"2 a|1|x|"}},
		{"blank lines count and are skipped", header + "\n \u3000\na,1,x\n,,\n\"\",,\n\nb,2,y\n\n", []string{"4 a|1|x|", "8 b|2|y|"}},
		{"blank lines before the header", "\n\r\n" + header + "a,1,x\n", []string{"4 a|1|x|"}},
		{"mark at the start", "\uFEFF" + header + "a,1,x\n", []string{"2 a|1|x|"}},
		{"mark before a quoted header", "\uFEFF\"name\",\"number\",\"until\"\na,1,x\n", []string{"2 a|1|x|"}},
		{"padding", header + " a\t,\u3000\u00a01\u200b , \ufeffx y \n", []string{"2 a|1|x y|"}},
		{"padding of all kinds, with quotes in the line and without", header + "\u2000a,\u20281\u205f,\"x\"\n\u2000a,\u20281\u205f,x\n", []string{"2 a|1|x|", "3 a|1|x|"}},
		{"next line in front of a cell is no padding, with quotes or without", header + "\u0085a,1,\"x\"\n\u0085a,1,x\n", []string{"2 !control_character name", "3 !control_character name"}},
		{"empty cells", header + "a,,\n,,x\n", []string{"2 a|||", "3 ||x|"}},
		{"separators behind the last column", "name,number,until,,\na,1,x,,\nb,2,y\n", []string{"2 a|1|x|", "3 b|2|y|"}},
		{"semicolons", "name;number;until\na,b;1;x\n", []string{"2 a,b|1|x|"}},
		{"tabs", "name\tnumber\tuntil\na\t\tx\n\"a\"\t\t\"x\ty\"\n", []string{"2 a||x|", "3 !control_character until"}},
		{"semicolons inside a file with commas", header + "a;b,1,x\n", []string{"2 a;b|1|x|"}},

		{"quotes", header + "\"a,\"\"b\"\"\",1, \"x\"\n", []string{"2 a,\"b\"|1|x|"}},
		{"quote not closed", header + "a,1,x\nb,\"2,y\nc,3,z\n\"\nd,4,\"w\"\n", []string{"2 a|1|x|", "3 !bad_quotes", "4 c|3|z|", "5 !bad_quotes", "6 d|4|w|"}},
		{"quote in a cell", header + "a\"b,1,x\n\"a\"b,1,x\nc,3,z\n", []string{"2 !bad_quotes", "3 !bad_quotes", "4 c|3|z|"}},

		{"too few", header + "a,1\nb\nc,3,z\n\"d\",4\n", []string{"2 !too_few_cells", "3 !too_few_cells", "4 c|3|z|", "5 !too_few_cells"}},
		{"too many", header + "a,1,x,\nb,2,y, ,z\n\"c\",3,z,w\nd,4,w\n", []string{"2 a|1|x|", "3 !too_many_cells", "4 !too_many_cells", "5 d|4|w|"}},
		{"nothing left of a bad row", header + "a,1,x,bad\n,2,\n", []string{"2 !too_many_cells", "3 |2||"}},

		{"control characters", header + "a\x00,1,x\nb,1\x1b2,y\nc,3,z\x7f\nd,4,\u0085w\ne\tf,5,v\ng\rh,6,u\ni·j,7,t\n",
			[]string{"2 !control_character name", "3 !control_character number", "4 !control_character until", "5 !control_character until",
				"6 !control_character name", "7 !control_character name", "8 i·j|7|t|"}},
		{"control character where nobody looks", "name,number,until,else\na,1,x,\x01\n", []string{"2 a|1|x|"}},
		{"not UTF-8", header + "王,1,x\na\xff,2,y\n李,3,z\n", []string{"2 王|1|x|", "3 !bad_encoding", "4 李|3|z|"}},
		{"characters lost before", header + "王\uFFFD,1,x\n李,2,y\n", []string{"2 !bad_encoding", "3 李|2|y|"}},
		{"surrogates and overlong forms", header + "王,1,x\n\xed\xa0\x80,2,y\n\xc0\xaf,3,z\n李,4,w\n陈,5,v\n", []string{"2 王|1|x|", "3 !bad_encoding", "4 !bad_encoding", "5 李|4|w|", "6 陈|5|v|"}},

		{"as long as may be", header + long[:maxLine-4] + ",1,x\na,2,y\n", []string{"2 " + long[:maxLine-4] + "|1|x|", "3 a|2|y|"}},
		{"a byte too long", header + long[:maxLine-3] + ",1,x\r\na,2,y\n", []string{"2 !line_too_long", "3 a|2|y|"}},
		{"much too long", header + strings.Repeat(long, 20) + "\na,2,y\n" + strings.Repeat(long, 20), []string{"2 !line_too_long", "3 a|2|y|", "4 !line_too_long"}},
		{"thousands of cells", header + strings.Repeat(",", maxLine) + "\n" + strings.Repeat("\"\",", maxLine/3) + "1\na,2,y\n", []string{"3 !too_many_cells", "4 a|2|y|"}},
		{"no rows", header, nil},
		{"no rows and no line end", "name,number,until", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { wantRows(t, []byte(tt.file), tt.want...) })
	}
}

func TestOneColumn(t *testing.T) {
	r, err := open(t, []byte("code\n123\n\na;b\n"), Spec{Required: []string{"code"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(rest(t, r), " "); got != "2 123 4 a;b" {
		t.Errorf("rows %q", got)
	}
}
