package models

import (
	"strings"
	"testing"
)

// TestFileStatusesHaveWords: every status says something of its own, in both languages.
func TestFileStatusesHaveWords(t *testing.T) {
	seen := map[Text]bool{}
	for _, s := range []FileStatus{FileIssued, FileQRMismatch, FileAppended, FileSealMissing, FileAltered, FileNotOurs} {
		m := s.Message()
		if m.ZH == "" || m.EN == "" || seen[m] {
			t.Errorf("%s: %+v", s, m)
		}
		seen[m] = true
	}
	if m := FileStatus("lost").Message(); m != (Text{}) {
		t.Errorf("no status, and says %+v", m)
	}
}

func TestFileDigestIsWritten(t *testing.T) {
	if got := (FileDigest{0xab}).String(); got != "ab"+strings.Repeat("0", 62) {
		t.Error(got)
	}
}
