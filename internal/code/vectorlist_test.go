package code_test

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
)

const firstDay, lastDay = 0, 0xffff

// genuine are the certificates that the test keys really signed, by name.
var genuine = map[string]draft{
	"genuine: the worked example":                      sample,
	"genuine: another key":                             {version: 1, key: 5, id: [8]byte{1, 2, 3, 4, 5, 6, 7, 8}, day: 2910, kind: 1},
	"genuine: the highest key number and kind":         {version: 1, key: 31, id: [8]byte{0xde, 0xad, 0xbe, 0xef}, day: 3444, kind: 255},
	"genuine: kind 0":                                  {version: 1, id: [8]byte{9, 9, 9, 9, 9, 9, 9, 9}, day: 2400},
	"genuine: first day that can be written":           {version: 1, id: [8]byte{1}, day: firstDay, kind: 1},
	"genuine: last day that can be written":            {version: 1, id: [8]byte{2}, day: lastDay, kind: 1},
	"genuine: id of zeros":                             {version: 1, day: 2500, kind: 1},
	"genuine: id of ones":                              {version: 1, id: [8]byte{255, 255, 255, 255, 255, 255, 255, 255}, day: 2500, kind: 1},
	"genuine: smallest number of version 1":            {version: 1},
	"genuine: use limit behind the key's last day":     {version: 1, id: [8]byte{3}, day: 2922 + 179, kind: 1},
	"genuine: by a key that was later declared leaked": {version: 1, key: 1, id: [8]byte{4}, day: 2500, kind: 1},
}

// vectors are in a fixed order: genuine ones first, by name.
func vectors() []vector {
	var list []vector
	add := func(outcome, name, text string) {
		v := vector{Name: name, Text: text, answer: answer{Outcome: outcome}}
		if outcome != "genuine" {
			v.Name = outcome + ": " + name
		}
		list = append(list, v)
	}
	signed := func(d draft, name, text string) {
		add("genuine", name, text)
		c, kind, number, revoked := d.certificate(), int(d.kind), int(d.key), d.key == 1
		list[len(list)-1].answer = answer{"genuine", c.ID.String(), c.UseUntil.String(), &kind, &number, &revoked}
	}
	for _, name := range slices.Sorted(maps.Keys(genuine)) {
		signed(genuine[name], name, prefix+genuine[name].digits())
	}
	good := sample.digits()
	for name, text := range inOrder(writings(good)) {
		signed(sample, "genuine: "+name, text)
	}
	for _, group := range []struct {
		outcome string
		texts   []named
	}{
		{"forged", forgeries(good)}, {"unknown_key", strangers(good)},
		{"unreadable", unreadables(good)}, {"not_ours", others(good)},
	} {
		for name, text := range inOrder(group.texts) {
			add(group.outcome, name, text)
		}
	}
	return list
}

type named struct{ name, text string }

func inOrder(list []named) func(func(name, text string) bool) {
	return func(yield func(name, text string) bool) {
		for _, n := range list {
			if !yield(n.name, n.text) {
				return
			}
		}
	}
}

// writings are other ways in which scanners and people hand over the same code.
func writings(good string) []named {
	return []named{
		{"digits alone", good},
		{"prefix in capitals", strings.ToUpper(prefix) + good},
		{"host in mixed case", "https://Check.Example.ORG/v/" + good},
		{"with a query", prefix + good + "?from=timeline"},
		{"with a fragment", prefix + good + "#top"},
		{"with a fragment before a question mark", prefix + good + "#a?b"},
		{"with an empty query", prefix + good + "?"},
		{"white space around", " \t\u3000" + prefix + good + "\u00a0\u0085\r\n"},
		{"the longest text that is looked at", longest(prefix + good + "?")},
	}
}

// longest fills a text up to the limit of 2048 bytes.
func longest(text string) string { return text + strings.Repeat("a", 2048-len(text)) }

func forgeries(good string) []named {
	signature := sample.signature()
	later, other, kind, key := sample, sample, sample, sample
	later.day++
	other.id[7]++
	kind.kind++
	key.key = 5
	// The same signature with S+L for S satisfies the equation too; RFC 8032 forbids it.
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	plusL := slices.Clone(signature)
	s := new(big.Int).SetBytes(reversed(signature[32:]))
	copy(plusL[32:], reversed(s.Add(s, order).FillBytes(make([]byte, 32))))
	return []named{
		{"early digit changed", prefix + changed(good, 8)},
		{"middle digit changed", prefix + changed(good, 92)},
		{"last digit changed", prefix + changed(good, 183)},
		{"last digit changed, digits alone", changed(good, 183)},
		{"two neighbouring digits swapped", prefix + swapped(good)},
		{"use limit one day later", prefix + later.with(signature)},
		{"another id", prefix + other.with(signature)},
		{"another kind", prefix + kind.with(signature)},
		{"another known key number", prefix + key.with(signature)},
		{"signature of another certificate", prefix + sample.with(other.signature())},
		{"signature of zeros", prefix + sample.with(make([]byte, 64))},
		{"signature with its halves swapped", prefix + sample.with(append(slices.Clone(signature[32:]), signature[:32]...))},
		{"signature with S+L, not canonical", prefix + sample.with(plusL)},
		{"signature over another domain string", prefix + sample.with(sample.signatureOver("yanzheng/certificate-code/v2:"))},
		{"signature without a domain string", prefix + sample.with(sample.signatureOver(""))},
	}
}

// strangers are well formed, but name a key or version that the reader does not know.
func strangers(good string) []named {
	v0, v2, key := sample, sample, sample
	v0.version, v2.version, key.key = 0, 2, 7
	return []named{
		{"key number 7", prefix + key.digits()},
		{"version 0", prefix + v0.digits()},
		{"version 2, signed by a known key", prefix + v2.digits()},
		{"third digit changed, which names another key", prefix + changed(good, 2)},
		{"zeros only", prefix + strings.Repeat("0", 184)},
		{"largest number, 2^608-1", prefix + decimal(new(big.Int).Sub(limit(), big.NewInt(1)))},
	}
}

func unreadables(good string) []named {
	wrapped, _ := new(big.Int).SetString(good, 10)
	wrapped.Add(wrapped, limit()) // the same 76 bytes for a checker that cuts off what is above them
	return []named{
		{"first digit changed", prefix + changed(good, 0)}, // a code of version 1 begins with 0
		{"183 digits, the leading zero left out", prefix + good[1:]},
		{"183 digits, the last one left out", prefix + good[:183]},
		{"185 digits, a zero too many in front", prefix + "0" + good},
		{"185 digits, a zero too many behind", prefix + good + "0"},
		{"183 digits, alone", good[1:]},
		{"number 2^608", prefix + decimal(limit())},
		{"genuine number + 2^608", prefix + decimal(wrapped)},
		{"nines only", prefix + strings.Repeat("9", 184)},
		{"full-width digits", prefix + inScript(good, '０')},
		{"full-width digits alone", inScript(good, '０')},
		{"one full-width digit", prefix + good[:183] + inScript(good[183:], '０')},
		{"Arabic-Indic digits", prefix + inScript(good, '٠')},
		{"Arabic-Indic digits alone", inScript(good, '٠')},
		{"spaces inside", prefix + good[:92] + " " + good[92:]},
		{"a space for a digit", prefix + good[:92] + " " + good[93:]},
		{"a plus sign for the leading zero", prefix + "+" + good[1:]},
		{"a letter O for the leading zero", prefix + "O" + good[1:]},
		{"a colon, the character behind 9", prefix + good[:92] + ":" + good[93:]},
		{"a slash, the character before 0", prefix + good[:92] + "/" + good[93:]},
		{"slash behind the digits", prefix + good + "/"},
		{"percent-encoded digit", prefix + "%30" + good[1:]},
		{"prefix alone", prefix},
		{"prefix with the code in a query", prefix + "?" + good},
		{"a bar code's digits", "6901234567892"},
		{"longer than 2048 bytes", longest(prefix+good+"?") + "a"},
	}
}

func others(good string) []named {
	return []named{
		{"empty", ""},
		{"white space only", " \r\n"},
		{"emoji", "🙂"},
		{"words", "注册建筑师"},
		{"numbers that are no decimal digits", "①Ⅱ½²"},
		{"another site", "https://example.net/v/" + good},
		{"our host as another's subdomain", "https://check.example.org.example.net/v/" + good},
		{"our host as a user name", "https://check.example.org@example.net/v/" + good},
		{"http instead of https", "http://check.example.org/v/" + good},
		{"no scheme", "check.example.org/v/" + good},
		{"with a port", "https://check.example.org:443/v/" + good},
		{"another site's text of more than 2048 bytes", longest("https://example.net/?") + "a"},
		{"more than 2048 digits", strings.Repeat("1", 2049)},
		{"another path", "https://check.example.org/w/" + good},
		{"a Kelvin sign for the k", "https://chec\u212a.example.org/v/" + good},
		{"a long s for the s", "http\u017f://check.example.org/v/" + good},
		{"byte order mark in front", "\ufeff" + prefix + good},
		{"words in front", "code: " + prefix + good},
		{"digits alone with spaces inside", good[:92] + " " + good[92:]},
		{"digits alone with a query", good + "?a=b"},
		{"digits alone with a minus sign", "-" + good[1:]},
	}
}

func limit() *big.Int { return new(big.Int).Lsh(big.NewInt(1), 608) }

// changed adds 1 to one digit, 9 becoming 0.
func changed(digits string, at int) string {
	return digits[:at] + string('0'+(digits[at]-'0'+1)%10) + digits[at+1:]
}

// swapped exchanges the first two neighbours behind the middle that differ.
func swapped(digits string) string {
	for i := 92; ; i++ {
		if digits[i] != digits[i+1] {
			return fmt.Sprintf("%s%c%c%s", digits[:i], digits[i+1], digits[i], digits[i+2:])
		}
	}
}

// inScript writes digits in the script whose zero is given.
func inScript(digits string, zero rune) string {
	return strings.Map(func(c rune) rune { return c - '0' + zero }, digits)
}

func reversed(b []byte) []byte {
	b = slices.Clone(b)
	slices.Reverse(b)
	return b
}
