package pdfread

// A value is one of: nil, bool, float64, Name, String, Array, Dict, Ref.

// Name is a name without its slash.
type Name string

// String is a string's bytes, whichever way it was written.
type String string

// Array is a list of values.
type Array []any

// Dict is a dictionary.
type Dict map[Name]any

// Ref points to an object.
type Ref struct{ Number, Generation int }

// Object is one object of a file, and where in the file it stands.
type Object struct {
	Number     int
	Value      any
	Start, End int    // from its number to behind its end; of an object within a stream, the stream's
	stream     []byte // what lies between stream and endstream
}

// Dict gives the object's dictionary, also a stream's; nil where it is none.
func (o *Object) Dict() Dict {
	d, _ := o.Value.(Dict)
	return d
}

// Limits of what is read. A file that goes beyond one of them is read that far.
const (
	maxObjects  = 20_000
	maxValues   = 300_000    // of all objects together
	maxWork     = 32 << 20   // bytes read as values, those that were read in vain included
	maxDepth    = 24         // of values within values
	maxInflated = 24 << 20   // of all streams together
	maxName     = 256        // a name's length
	maxString   = 1 << 20    // a string's length
	maxPixels   = 16_000_000 // of all images together
	maxTokens   = 2_000_000  // operators and operands on the page
	maxForms    = 2_000      // drawings and images within drawings
	maxNesting  = 6          // how deep they are nested
)
