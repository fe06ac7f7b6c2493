package models

import (
	"encoding/hex"
	"time"
)

// Document is all that the file of one certificate shows.
type Document struct {
	Printed    Printed
	UseFrom    Date
	UseUntil   Date
	Identifier Identifier
	Code       string    // the text of its QR code, an URL
	Photo      []byte    // JPEG, 5:7
	Signature  []byte    // PNG: ink on a transparent ground
	At         time.Time // when the file was made: its watermark, and the time its seals state
}

// File is a document that was drawn and sealed. It is stored as it is: sealing the same document again gives other bytes.
type File struct {
	PDF    []byte
	Digest FileDigest
}

// FileDigest is the SHA-256 of a whole file.
type FileDigest [32]byte

// String is the digest in hexadecimal.
func (d FileDigest) String() string { return hex.EncodeToString(d[:]) }

// FileStatus says what a file that somebody sent is.
type FileStatus string

// The closed set of what a file can be. The first that applies, in this order, is its status.
const (
	FileIssued      FileStatus = "issued"       // ours, byte for byte
	FileQRMismatch  FileStatus = "qr_mismatch"  // it shows a code that is not the one of this certificate
	FileAppended    FileStatus = "appended"     // ours, and then something
	FileSealMissing FileStatus = "seal_missing" // it bears our mark, and lacks a seal or both; what is there is whole
	FileAltered     FileStatus = "altered"      // it bears our mark, and a seal on it does not hold
	FileNotOurs     FileStatus = "not_ours"     // nothing on it is ours
)

// FileReason is one thing that was found in a file.
type FileReason string

// The closed set of findings.
const (
	FileNotPDF          FileReason = "not_pdf"          // no PDF at all
	FileUnreadable      FileReason = "unreadable"       // a PDF, but too broken, too big inside or too deep to be read to its end
	FileNoMark          FileReason = "no_mark"          // no seal and no code of ours
	FileNoRecord        FileReason = "no_record"        // both seals hold, but no such file was ever recorded as issued
	FileBoardMissing    FileReason = "board_missing"    // the Board's seal is not there
	FileBoardBroken     FileReason = "board_broken"     // the Board's seal is there and does not hold
	FileDirectorMissing FileReason = "director_missing" // the director's personal seal is not there
	FileDirectorBroken  FileReason = "director_broken"  // the director's personal seal is there and does not hold
	FileMoreBehind      FileReason = "more_behind"      // bytes follow that no seal covers
	FileLaterRevision   FileReason = "later_revision"   // what follows changes how the page looks or what it says
	FileOtherCode       FileReason = "other_code"       // it shows the code of another certificate
	FileForeignCode     FileReason = "foreign_code"     // it shows a code that is no code of ours
	FileNoCode          FileReason = "no_code"          // no code could be found on the page
	FileKeyUnknown      FileReason = "seal_key_unknown" // it was issued, but by keys for seals that are no longer at hand
	FileKeyRevoked      FileReason = "seal_key_revoked" // a key that sealed it was declared leaked since
)

// FileCheck is the answer to a file that somebody sent.
type FileCheck struct {
	Status  FileStatus
	Reasons []FileReason
	Issued  *FileDigest // of the file that was issued, where this one is it, or begins with it
	Code    string      // the text of this certificate's code, as the file states it; empty when it states none
	Shown   []string    // the texts of the QR codes that the page shows; looked for when the file is not as it was issued
}

// Message says in one sentence what the status means, and what to do.
func (s FileStatus) Message() Text {
	switch s {
	case FileIssued:
		return Text{"与签发的文件逐字节一致", "Byte for byte the file that was issued"}
	case FileQRMismatch:
		return Text{"文件上的二维码不属于此证书：二维码被替换", "The code on it does not belong to this certificate: it was replaced"}
	case FileAppended:
		return Text{"以签发的文件开头，但其后被附加了内容：请以原件为准", "It begins as the file that was issued, and something was added behind: rely on the original"}
	case FileSealMissing:
		return Text{"带有本系统的标识，但缺少电子签章：不是有效的电子证书文件", "It bears our mark, but a seal is missing: not a valid certificate file"}
	case FileAltered:
		return Text{"文件在签章之后被改动：电子签章无效", "Changed after it was sealed: the seals do not hold"}
	case FileNotOurs:
		return Text{"不是本系统签发的文件", "Not a file that we issued"}
	}
	return Text{}
}

// ErrFileTooLarge answers a file beyond the limit of a check.
var ErrFileTooLarge = NewError(KindTooLarge, "file_too_large", "文件过大：最多 5 MB", "The file is too large: at most 5 MB").On("file")
