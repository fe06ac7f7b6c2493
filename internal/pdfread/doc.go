// Package pdfread reads PDFs that anybody may have sent: their objects, and the QR codes that a person sees on the first page.
//
// Its promise: whatever the bytes are, it comes back within its limits, with what it understood. Its one rule: nothing in a
// file decides how much memory, time or depth reading it takes.
//
// It is no viewer and knows no passwords. It does not trust a cross-reference table: it goes through the file from its
// beginning, and of two objects with one number the later stands, as a reader of revisions sees it.
package pdfread
