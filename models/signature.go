package models

// SignatureFinding is what an inspector saw when holding the handwritten signature on a print
// against the signature image (二(四), R8).
type SignatureFinding string

// The closed set of findings.
const (
	SignatureMatches SignatureFinding = "match"
	SignatureDiffers SignatureFinding = "differs"
	SignatureMissing SignatureFinding = "missing"
)

// ParseSignatureFinding reads one of the findings.
func ParseSignatureFinding(s string) (SignatureFinding, error) {
	switch f := SignatureFinding(s); f {
	case SignatureMatches, SignatureDiffers, SignatureMissing:
		return f, nil
	}
	return "", ErrSignatureFinding
}

// PrintUsable tells whether a print of a certificate may be relied on: the certificate is usable and
// the print is signed by hand as the signature image shows. An unsigned or differing print is
// invalid, whatever the certificate is.
func PrintUsable(v Verdict, finding SignatureFinding) bool {
	return v.Usable() && finding == SignatureMatches
}

// ErrSignatureFinding answers a finding that is none of the three.
var ErrSignatureFinding = NewError(KindRule, "signature_finding_unknown", "签名核对结果应为一致、不一致或未签名", "A signature finding is match, differs or missing")
