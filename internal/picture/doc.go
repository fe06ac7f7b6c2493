// Package picture checks and normalises the images that a certificate needs of its holder: the photo
// and the image of the signature (三(一)(二)). A person still looks at both and accepts them.
//
// Its promise: whatever bytes come in, memory and time stay bounded by the Rules, what is refused is
// refused with a sentence that says what to do, and nothing of an upload but its pixels comes out: no
// EXIF, no place, no colour profile, no comment. Its one rule: every bound is asked of the header
// before a pixel is decoded.
//
// How much one call takes: Rules.MaxMemory for the decoded picture, and some 50 MB besides. Who serves many
// people limits how many calls run at once.
package picture
