package holder

import (
	"context"
	"errors"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"yanzheng/models"
)

// Findings keeps what inspectors find on prints.
type Findings interface {
	CheckSignature(ctx context.Context, scanID string,
		judge func(scan models.Scan, before []models.SignatureCheck) (*models.SignatureCheck, error)) error
}

// Inspection is the use case of an inspector who holds the handwritten signature on a print against the signature image (R8).
type Inspection struct {
	findings Findings
	now      func() time.Time
}

// NewInspection puts the use case together.
func NewInspection(f Findings, now func() time.Time) *Inspection { return &Inspection{f, now} }

const (
	maxRemark = 200
	// correctable is how long after the first one a finding may be corrected; both stay in the record.
	correctable = time.Hour
	// onItsWay is how long a scan may take from its answer to the database: the stream is drained within seconds, and after a
	// long outage of the database within that.
	onItsWay = 10 * time.Minute
)

// Record keeps the finding of the inspector who scanned. The same finding again changes nothing. A scan that was answered and
// has not reached the database yet is ErrScanOnItsWay: its id says when that was.
func (i *Inspection) Record(ctx context.Context, userID, scanID string, f models.SignatureFinding, remark string) (models.SignatureCheck, error) {
	remark = models.NormalizeText(remark)
	if utf8.RuneCountInString(remark) > maxRemark {
		return models.SignatureCheck{}, ErrRemark
	}
	id, err := uuid.Parse(scanID)
	if err != nil || id.Version() != 7 || id.String() != scanID {
		return models.SignatureCheck{}, ErrNoScan
	}
	now := i.now()
	out := models.SignatureCheck{ScanID: scanID, UserID: userID, Finding: f, Remark: remark, At: models.InstantOf(now)}
	err = i.findings.CheckSignature(ctx, scanID, func(scan models.Scan, before []models.SignatureCheck) (*models.SignatureCheck, error) {
		if scan.UserID == nil || *scan.UserID != userID {
			return nil, ErrNoScan
		}
		if scan.RegistrationID == nil {
			return nil, ErrNothingSigned
		}
		if n := len(before); n > 0 {
			if last := before[n-1]; last.Finding == f && last.Remark == remark {
				out = last
				return nil, nil
			}
			if now.Sub(before[0].At.Time()) >= correctable {
				return nil, ErrFinal
			}
			if n >= maxCorrections {
				return nil, ErrFinal
			}
		}
		return &out, nil
	})
	if errors.Is(err, models.ErrNotFound) {
		err = ErrNoScan
		sec, nsec := id.Time().UnixTime()
		if age := now.Sub(time.Unix(sec, nsec)); age > -time.Minute && age < onItsWay {
			err = ErrScanOnItsWay
		}
	}
	return out, met(err)
}

// maxCorrections bounds what one scan can leave in the record.
const maxCorrections = 10

// The answers to findings that cannot be kept.
var (
	ErrRemark        = models.NewError(models.KindRule, "remark_too_long", "备注不超过 200 字", "A remark has at most 200 characters").On("remark")
	ErrNoScan        = models.NewError(models.KindNotFound, "no_such_scan", "没有此查验记录", "You made no such scan")
	ErrNothingSigned = models.NewError(models.KindConflict, "nothing_signed", "该次查验没有可核对签名的证书", "That scan was of no certificate of ours: there is no signature to check")
	ErrFinal         = models.NewError(models.KindConflict, "finding_final", "签名核对结果已超过一小时，不能再更改", "The finding is final after an hour")
	ErrScanOnItsWay  = models.NewError(models.KindUnavailable, "scan_on_its_way", "查验记录正在写入，请稍后再试", "The scan is still being written, please try again").RetryIn(2 * time.Second)
)
