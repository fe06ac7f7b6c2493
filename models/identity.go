package models

import (
	"regexp"
	"strings"
	"time"
)

// IDType is the kind of identity paper.
type IDType string

// The kinds of identity paper. All but the resident ID are checked by pattern only.
const (
	IDResident       IDType = "resident_id"      // 居民身份证, GB 11643
	IDHongKongMacau  IDType = "hk_macau_permit"  // 港澳居民来往内地通行证
	IDTaiwan         IDType = "taiwan_permit"    // 台湾居民来往大陆通行证
	IDPassport       IDType = "passport"         // 护照
	IDResidencePass  IDType = "residence_permit" // 港澳台居民居住证, numbered like a resident ID
	IDForeignerPass  IDType = "foreigner_permit" // 外国人永久居留身份证
	residentIDLength        = 18
)

var idTypes = map[IDType]struct {
	zh      string
	pattern *regexp.Regexp // nil: the rule of GB 11643
}{
	IDResident:      {"居民身份证", nil},
	IDResidencePass: {"港澳台居民居住证", nil},
	IDHongKongMacau: {"港澳居民来往内地通行证", regexp.MustCompile(`^[HM][0-9]{8}([0-9]{2})?$`)},
	IDTaiwan:        {"台湾居民来往大陆通行证", regexp.MustCompile(`^[0-9]{8}([0-9]{2})?$`)},
	IDPassport:      {"护照", regexp.MustCompile(`^[A-Z0-9]{5,17}$`)},
	IDForeignerPass: {"外国人永久居留身份证", regexp.MustCompile(`^([A-Z]{3}[0-9]{12}|[0-9]{17}[0-9X])$`)},
}

// ParseIDType reads a kind of identity paper by code or Chinese name; empty is the resident ID.
func ParseIDType(s string) (IDType, error) {
	if s == "" {
		return IDResident, nil
	}
	for t, row := range idTypes {
		if s == string(t) || s == row.zh {
			return t, nil
		}
	}
	return "", ErrIDType
}

// CheckIDNumber checks an identity number on a day and gives it in its one written form (capital
// letters). For a resident ID the check character (GB 11643, ISO 7064 MOD 11-2) and the birth date
// inside must be right; that birth date is returned. Others are checked by pattern, birth date zero.
func CheckIDNumber(t IDType, number string, today Date) (string, Date, error) {
	row, ok := idTypes[t]
	if !ok {
		return "", 0, ErrIDType
	}
	number = strings.Map(upper, number)
	if row.pattern != nil {
		if !row.pattern.MatchString(number) {
			return "", 0, ErrIDNumber
		}
		return number, 0, nil
	}
	if !residentIDCheck(number) {
		return "", 0, ErrIDNumber
	}
	birth, err := time.ParseInLocation("20060102", number[6:14], China)
	if err != nil || DateOf(birth) > today || birth.Year() < 1900 {
		return "", 0, ErrIDBirth
	}
	return number, DateOf(birth), nil
}

// upper makes ASCII letters capital, and nothing else into a letter.
func upper(r rune) rune {
	if r >= 'a' && r <= 'z' {
		return r - 'a' + 'A'
	}
	return r
}

func residentIDCheck(n string) bool {
	if len(n) != residentIDLength {
		return false
	}
	weights := [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		if n[i] < '0' || n[i] > '9' {
			return false
		}
		sum += w * int(n[i]-'0')
	}
	return n[17] == "10X98765432"[sum%11]
}

// MaskIDNumber hides all but the last four characters, and always two thirds: enough to hold against an identity card in
// the hand, too little to rebuild the number.
func MaskIDNumber(number string) string {
	shown := min(4, len(number)/3)
	return strings.Repeat("*", len(number)-shown) + number[len(number)-shown:]
}

// CheckEmployerCode checks a unified social credit code (统一社会信用代码, GB 32100): 18 characters from
// 0-9A-Z without I O S V Z; the last one makes the sum weighted by 3^i mod 31 right.
func CheckEmployerCode(code string) error {
	const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	if len(code) != 18 {
		return ErrEmployerCode
	}
	sum, weight := 0, 1
	for i := range 17 {
		v := strings.IndexByte(alphabet, code[i])
		if v < 0 {
			return ErrEmployerCode
		}
		sum += v * weight
		weight = weight * 3 % 31
	}
	if code[17] != alphabet[(31-sum%31)%31] {
		return ErrEmployerCode
	}
	return nil
}

// The answers to identity numbers and codes that cannot be right.
var (
	ErrIDType       = NewError(KindRule, "id_type_unknown", "证件类型未知", "Unknown type of identity paper").On("id_type")
	ErrIDNumber     = NewError(KindRule, "id_number_invalid", "证件号码有误（位数、字符或校验码不符）", "Identity number is wrong (length, characters or check digit)").On(string(FieldIDNumber))
	ErrIDBirth      = NewError(KindRule, "id_birth_date_invalid", "证件号码中的出生日期不存在或在将来", "The birth date inside the identity number does not exist or lies ahead").On(string(FieldIDNumber))
	ErrEmployerCode = NewError(KindRule, "employer_code_invalid", "统一社会信用代码有误（位数、字符或校验码不符）", "Unified social credit code is wrong (length, characters or check character)").On(string(FieldEmployerCode))
)
