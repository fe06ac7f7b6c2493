package code

// Encode and Decode lend the tests the format without its keys.
func Encode(b [size]byte) string { return encode(payload(b[:payloadSize]), b[payloadSize:]) }

// Decode is the inverse of Encode.
func Decode(digits string) (b [size]byte, ok bool) {
	p, signature, ok := decode(digits)
	copy(b[:], p[:])
	copy(b[payloadSize:], signature[:])
	return b, ok
}
