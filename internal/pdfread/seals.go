package pdfread

// Signature is one signature dictionary of a file, as it claims to be (ISO 32000-1, 12.8).
type Signature struct {
	Field    string // the name of the field that it fills
	Ranges   [4]int // ByteRange
	Contents []byte
	Time     string // M
	Start    int    // where its object stands
	End      int
}

// maxSignatures is how many are looked at.
const maxSignatures = 16

// Signatures gives the signatures that fields of the file point to, in the order in which they stand in it. Those without
// contents or with a range that is none are left out.
func (f *File) Signatures() []Signature {
	fields := map[int]string{}
	for _, o := range f.all {
		d := o.Dict()
		if v, ok := d["V"].(Ref); ok && d["FT"] == Name("Sig") {
			name, _ := f.Resolve(d["T"]).(String)
			fields[v.Number] = string(name)
		}
	}
	var out []Signature
	for _, o := range f.all {
		name, filled := fields[o.Number]
		if !filled || f.objects[o.Number] != o || len(out) == maxSignatures {
			continue
		}
		d := o.Dict()
		contents, _ := d["Contents"].(String)
		moment, _ := d["M"].(String)
		s := Signature{Field: name, Contents: []byte(contents), Time: string(moment), Start: o.Start, End: o.End}
		n := f.numbers(d["ByteRange"], 4)
		if n == nil || len(contents) == 0 {
			continue
		}
		for i, x := range n {
			if x < 0 || x > maxString*64 {
				x = -1
			}
			s.Ranges[i] = int(x)
		}
		out = append(out, s)
	}
	return out
}

// Links gives the addresses that the file leads to or has among its keywords, the later of two last.
func (f *File) Links() []string {
	var out []string
	for _, o := range f.all {
		d := o.Dict()
		for _, v := range []any{f.Dict(d["A"])["URI"], d["Keywords"]} {
			if s, ok := f.Resolve(v).(String); ok && len(s) <= 4096 && len(out) < maxForms {
				out = append(out, string(s))
			}
		}
	}
	return out
}
