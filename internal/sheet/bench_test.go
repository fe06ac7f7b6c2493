package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
)

// registerSpec has the columns of the register's import.
var registerSpec = Spec{
	Required: []string{"category", "certificate_number", "seal_number", "name", "sex", "id_number",
		"employer", "employer_code", "specialty", "valid_from", "valid_until", "status"},
	Optional: []string{"id_type"},
}

// table makes a file of that many rows; quote stands around the employer.
func table(rows int, quote string) []byte {
	var b bytes.Buffer
	b.WriteString("category,certificate_number,seal_number,name,sex,id_number,employer,employer_code,specialty,valid_from,valid_until,status\n")
	for i := range rows {
		fmt.Fprintf(&b, "一级注册建筑师,%09d,%06d-%03d,王建国,男,11010119900307%04d,%[5]s华东第%[6]d建筑设计研究院有限公司%[5]s,91310000%010d,建筑,2025-01-01,2027-01-01,in_force\n",
			i, i%1e6, i%1000, i%10000, quote, i%100, i)
	}
	return b.Bytes()
}

func BenchmarkCSV(b *testing.B) {
	gb := []byte(gb18030(b, string(table(20_000, ""))))
	for _, bench := range []struct {
		name string
		file []byte
	}{{"plain", table(20_000, "")}, {"quotes", table(20_000, `"`)}, {"gb18030", gb}} {
		b.Run(bench.name, func(b *testing.B) { benchmark(b, bench.file, 20_000) })
	}
}

func BenchmarkXLSX(b *testing.B) {
	benchmark(b, bigWorkbook(b, 20_000), 20_000)
}

// benchmark reads a file of that many rows again and again, every cell of it, Open included.
func benchmark(b *testing.B, file []byte, rows int) {
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	total := 0
	for b.Loop() {
		r, err := Open(bytes.NewReader(file), int64(len(file)), registerSpec)
		if err != nil {
			b.Fatal(err)
		}
		n, size := 0, 0
		for {
			row, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil || row.Err != nil {
				b.Fatal(err, row.Err)
			}
			for column := range 12 {
				size += len(row.Get(column))
			}
			n++
		}
		if n != rows || size < rows*100 {
			b.Fatalf("%d rows, %d bytes", n, size)
		}
		total += n
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "rows/s")
}
