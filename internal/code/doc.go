// Package code is the QR code on a certificate: its format, the key ring that signs it, and reading it.
//
// Its promise: nobody without a private key makes a code that reads as genuine, and a forged or
// mistyped one is refused without any I/O. docs/code-format.md tells the format to strangers.
package code
