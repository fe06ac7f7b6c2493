package models

// ImageKind is what an image shows.
type ImageKind string

// The images that are collected (三(一)(二)).
const (
	ImagePhoto     ImageKind = "photo"
	ImageSignature ImageKind = "signature"
)

// ImageState is what became of an image.
type ImageState string

// The states of an image. Of each kind a person has at most one that is pending and one that is accepted.
const (
	ImagePending  ImageState = "pending"
	ImageAccepted ImageState = "accepted"
	ImageRefused  ImageState = "refused"
	ImageReplaced ImageState = "replaced" // by a later one
)

// Image is a photo or signature image of a person, as it lies in the vault under Name. It never changes; another upload is
// another image.
type Image struct {
	ID         int64 `gorm:"primaryKey"`
	PersonID   int64
	Kind       ImageKind
	State      ImageState
	Name       string
	Digest     string // SHA-256 of the content in hexadecimal
	Size       int64
	UploadedAt Instant
	UploadedBy string
	DecidedAt  Instant
	DecidedBy  string
	Reason     string
}

// TableName says whose images they are.
func (Image) TableName() string { return "person_images" }

// ErrImagesMissing answers what needs both images accepted (R6): an initial registration, a download. Field names the first
// that is missing.
var ErrImagesMissing = NewError(KindConflict, "images_missing",
	"照片和签名图像须先采集并审核通过", "Photo and signature image must be collected and accepted first")

// ImageLink is a link to an image of a person, made by a scan, which works once and until an instant. Who has the token needs
// nothing else.
type ImageLink struct {
	Token    string
	Kind     ImageKind
	PersonID int64
	ScanID   string
	Until    Instant
}
