package code_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"strings"
	"time"
	"unicode"
)

// This file is a second checker, written from docs/code-format.md alone. It uses nothing of the
// package: where the two differ, the page or the package is wrong.

type keysFile struct {
	Domain string `json:"domain"`
	Prefix string `json:"prefix"`
	Keys   []struct {
		Number    int    `json:"number"`
		Algorithm string `json:"algorithm"`
		PublicKey string `json:"public_key"`
		Revoked   bool   `json:"revoked"`
	} `json:"keys"`
}

// answer is what a check tells; all but Outcome is set for a genuine code only.
type answer struct {
	Outcome    string `json:"outcome"`
	ID         string `json:"id,omitempty"`
	UseUntil   string `json:"use_until,omitempty"`
	Kind       *int   `json:"kind,omitempty"` // pointers, because 0 and false must be said too
	KeyNumber  *int   `json:"key_number,omitempty"`
	KeyRevoked *bool  `json:"key_revoked,omitempty"`
}

func check(text string, keys keysFile) answer {
	n := len(keys.Prefix)
	ours := func() bool { return len(text) >= n && lowerASCII(text[:n]) == lowerASCII(keys.Prefix) }
	if len(text) > 2048 && ours() {
		return answer{Outcome: "unreadable"}
	} else if len(text) > 2048 {
		return answer{Outcome: "not_ours"}
	}
	text = strings.TrimFunc(text, func(c rune) bool { return unicode.Is(unicode.White_Space, c) })
	digits := text
	if ours() {
		digits, _, _ = strings.Cut(text[n:], "?")
		digits, _, _ = strings.Cut(digits, "#")
	} else if text == "" || strings.ContainsFunc(text, func(c rune) bool { return !unicode.Is(unicode.Nd, c) }) {
		return answer{Outcome: "not_ours"}
	}
	if len(digits) != 184 || strings.Trim(digits, "0123456789") != "" {
		return answer{Outcome: "unreadable"}
	}
	number, ok := new(big.Int).SetString(digits, 10)
	if !ok || number.Cmp(new(big.Int).Lsh(big.NewInt(1), 608)) >= 0 {
		return answer{Outcome: "unreadable"}
	}
	b := number.FillBytes(make([]byte, 76))
	version, keyNumber := int(b[0]/32), int(b[0]%32)
	for _, key := range keys.Keys {
		if version != 1 || key.Number != keyNumber || key.Algorithm != "Ed25519" {
			continue
		}
		public, err := base64.RawURLEncoding.DecodeString(key.PublicKey)
		if err != nil || !ed25519.Verify(public, []byte("yanzheng/certificate-code/v1:"+string(b[:12])), b[12:]) {
			return answer{Outcome: "forged"}
		}
		kind, day := int(b[11]), int(b[9])*256+int(b[10])
		return answer{
			Outcome: "genuine", ID: hex.EncodeToString(b[1:9]),
			UseUntil: time.Date(2020, 1, 1+day, 0, 0, 0, 0, time.UTC).Format("2006-01-02"),
			Kind:     &kind, KeyNumber: &keyNumber, KeyRevoked: &key.Revoked,
		}
	}
	return answer{Outcome: "unknown_key"}
}

// lowerASCII leaves letters beyond ASCII alone: the Kelvin sign is no k in a host name of ours.
func lowerASCII(s string) string {
	return strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}, s)
}
