package models

import "strings"

// identifierRoot is the arc of electronic certificate identifiers (电子证照标识) in GB/T 36904.
const identifierRoot = "1.2.156.3005.2"

// identifierAlphabet has the 36 characters of ISO 7064 MOD 37,36, each worth its place.
const identifierAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// maxIdentifierSerial bounds the serial number, in characters; the standard leaves it open.
const maxIdentifierSerial = 40

// Identifier is the identifier of one electronic certificate after GB/T 36904, without its check character.
type Identifier struct {
	Type    string // 证照类型代码, 21 characters
	Issuer  string // 颁发机构代码: its unified social credit code
	Serial  string // 流水号, given by the issuer
	Version string // 版本号, three digits
}

// String is the identifier as it is printed: root, parts and check character, with dots between.
func (i Identifier) String() string {
	return strings.Join([]string{identifierRoot, i.Type, i.Issuer, i.Serial, i.Version, string(i.CheckCharacter())}, ".")
}

// CheckCharacter is ISO 7064 MOD 37,36 over the four parts without their dots. It is 0 for parts that Check refuses.
func (i Identifier) CheckCharacter() byte {
	p := 36
	for _, part := range []string{i.Type, i.Issuer, i.Serial, i.Version} {
		for _, c := range []byte(part) {
			v := strings.IndexByte(identifierAlphabet, c)
			if v < 0 {
				return 0
			}
			if p = (p + v) % 36; p == 0 {
				p = 36
			}
			p = p * 2 % 37
		}
	}
	return identifierAlphabet[(37-p)%36]
}

// Check holds the parts to their form: lengths, and digits and capital letters only. The issuer must be a right unified
// social credit code; the type code is not looked up, because the list of types is not ours.
func (i Identifier) Check() error {
	if err := CheckEmployerCode(i.Issuer); err != nil {
		return ErrIdentifier.Because(err)
	}
	for _, part := range []struct {
		text        string
		least, most int
		alphabet    string
	}{
		{i.Type, 21, 21, identifierAlphabet},
		{i.Serial, 1, maxIdentifierSerial, identifierAlphabet},
		{i.Version, 3, 3, identifierAlphabet[:10]},
	} {
		if len(part.text) < part.least || len(part.text) > part.most || strings.Trim(part.text, part.alphabet) != "" {
			return ErrIdentifier
		}
	}
	return nil
}

// ParseIdentifier reads a printed identifier and holds its check character.
func ParseIdentifier(s string) (Identifier, error) {
	parts, ok := strings.CutPrefix(s, identifierRoot+".")
	fields := strings.Split(parts, ".")
	if !ok || len(fields) != 5 {
		return Identifier{}, ErrIdentifier
	}
	i := Identifier{Type: fields[0], Issuer: fields[1], Serial: fields[2], Version: fields[3]}
	if err := i.Check(); err != nil {
		return Identifier{}, err
	}
	if fields[4] != string(i.CheckCharacter()) {
		return Identifier{}, ErrIdentifier
	}
	return i, nil
}

// ErrIdentifier answers an identifier that cannot be.
var ErrIdentifier = NewError(KindRule, "identifier_invalid", "电子证照标识有误（结构、字符或校验位不符）",
	"The electronic certificate identifier is wrong (structure, characters or check character)").On("identifier")
