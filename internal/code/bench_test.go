package code_test

import (
	"strings"
	"testing"

	"yanzheng/models"
)

func BenchmarkRead(b *testing.B) {
	r := testReader(b)
	for _, c := range []struct {
		name, text string
		want       models.ReadOutcome
	}{
		{"genuine", prefix + sample.digits(), models.ReadGenuine},
		{"forged", prefix + changed(sample.digits(), 92), models.ReadForged},
		{"unknown key", prefix + draft{version: 1, key: 7}.digits(), models.ReadUnknownKey},
		{"unreadable", prefix + sample.digits()[1:], models.ReadUnreadable},
		{"not ours", "https://example.net/v/" + sample.digits(), models.ReadNotOurs},
		{"10 MB", strings.Repeat("9", 10<<20), models.ReadUnreadable},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got := r.Read(c.text); got.Outcome != c.want {
					b.Fatalf("outcome %d, want %d", got.Outcome, c.want)
				}
			}
		})
	}
}

func BenchmarkSign(b *testing.B) {
	ring := load(b, folder(b, testKeys...))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ring.Sign(sample.certificate()); err != nil {
			b.Fatal(err)
		}
	}
}
