package certificate

import (
	"bytes"
	"context"
	"syscall"
	"testing"
	"time"
)

// cpu is what this process has used so far.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkIssue draws a certificate and seals it twice.
func BenchmarkIssue(b *testing.B) {
	p, r, d := press(b), ring(b), document(nil)
	b.ReportAllocs()
	b.ResetTimer()
	since := cpu(b)
	for b.Loop() {
		if _, err := p.Issue(d, r); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(cpu(b)-since)/float64(b.N)/1e6, "cpu-ms/op")
}

// BenchmarkCheck checks the issued file, and one with a byte too many, whose page is looked at.
func BenchmarkCheck(b *testing.B) {
	c, r := newCodes(b), ring(b)
	f := issue(b, document(nil), r)
	for name, pdf := range map[string][]byte{"issued": f.PDF, "appended": append(bytes.Clone(f.PDF), '\n')} {
		b.Run(name, func(b *testing.B) {
			checker := NewChecker(r, c)
			since := cpu(b)
			for b.Loop() {
				if got, err := checker.Check(context.Background(), bytes.NewReader(pdf), issuedFiles(f)); err != nil || string(got.Status) != name {
					b.Fatal(got, err)
				}
			}
			b.ReportMetric(float64(cpu(b)-since)/float64(b.N)/1e6, "cpu-ms/op")
		})
	}
}
