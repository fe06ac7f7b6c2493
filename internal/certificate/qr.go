package certificate

import (
	"strings"

	qr "github.com/piglig/go-qr"

	"yanzheng/models"
)

// quietZone is the white around a QR code, in modules (ISO/IEC 18004).
const quietZone = 4

// symbol encodes a code's text as internal/code draws it: level M, the digits at its end as a number, the rest as bytes.
func symbol(text string) (*qr.QrCode, error) {
	head := strings.TrimRight(text, "0123456789")
	var segments []*qr.QrSegment
	if head != "" {
		s, err := qr.MakeBytes([]byte(head))
		if err != nil {
			return nil, ErrCode.Because(err)
		}
		segments = append(segments, s)
	}
	if tail := text[len(head):]; tail != "" {
		s, err := qr.MakeNumeric(tail)
		if err != nil {
			return nil, ErrCode.Because(err)
		}
		segments = append(segments, s)
	}
	q, err := qr.EncodeStandardSegments(segments, qr.Medium)
	if err != nil {
		return nil, ErrCode.Because(err)
	}
	if q.GetSize() > maxModules {
		return nil, ErrCode
	}
	return q, nil
}

// maxModules is version 9: beyond it a module of this area's size is too small for a phone.
const maxModules = 53

// code draws a symbol with its quiet zone into an area.
func (p *pen) code(q *qr.QrCode, a area) {
	n := q.GetSize()
	module := a.w / float64(n+2*quietZone)
	p.fillColor(white)
	p.rect(a.x, a.y, a.w, a.h)
	p.fill()
	p.fillColor(0)
	for y := range n {
		for x := 0; x < n; x++ {
			from := x
			for x < n && q.GetModule(x, y) {
				x++
			}
			if x > from {
				p.rect(a.x+float64(from+quietZone)*module, a.y+float64(y+quietZone)*module, float64(x-from)*module, module)
			}
		}
	}
	p.fill()
}

// ErrCode answers a code's text that makes no readable symbol.
var ErrCode = models.NewError(models.KindRule, "code_not_drawable", "二维码内容无法绘制", "The code's text cannot be drawn as a symbol").On("code")
