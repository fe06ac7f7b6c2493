package certificate

import "yanzheng/models"

// lower is everything below the fields: code, signature, issuer.
func (l *layout) lower(d *models.Document) {
	l.areas = append(l.areas, photoArea, codeArea, signatureArea)
	regular := l.press.regular
	middle := codeArea.middle().x
	l.centered("code caption", regular, "微信扫一扫，查验真伪与注册状态", middle, codeArea.bottom()+4.6, 7.5, 0, ink)
	l.centered("code caption in English", regular, "Scan to verify this certificate and the registration", middle, codeArea.bottom()+7.8, 5, 0, muted)

	x := signatureArea.x
	l.label("signature image label", models.Text{ZH: "持证人签名图像", EN: "signature image"}, x, 206.4)
	l.label("handwritten label", models.Text{ZH: "个人签名", EN: "signature by hand"}, x, 236)
	l.rules = append(l.rules, area{"handwritten", x, 246.5, signatureArea.w, 0})
	y := 251.0
	for _, line := range regular.wrap("打印后须在横线处手写签名，笔迹应与上方签名图像一致。未签名或笔迹不一致的，打印件无效。", 7.5, signatureArea.w*mm) {
		l.text("warning", regular, line, point{x, y}, 7.5, 0, warning)
		y += 3.6
	}
	l.text("warning in English", regular, "A print without a matching signature by hand is invalid.", point{x, y}, 5.5, 0, muted)

	l.issuer(d)
	l.footer(d)
}

func (l *layout) label(name string, t models.Text, x, y float64) {
	w := l.text(name, l.press.regular, t.ZH, point{x, y}, 8.5, 0.4, muted)
	l.text(name, l.press.regular, t.EN, point{x + w + 1.8, y}, 6.5, 0, muted)
}

// issuer stands under the Board's seal, with the director's seal and the date below it, where no seal covers the date.
func (l *layout) issuer(d *models.Document) {
	middle := boardSeal.middle()
	lines, size := l.fit("board", l.press.regular, l.press.imprint.Board, 52, way{1, []float64{11, 10, 9}}, way{2, []float64{9, 8}})
	y := middle.y + 9.3 - float64(len(lines)-1)*2.6
	for n, line := range lines {
		l.centered("board", l.press.regular, line, middle.x, y+float64(n)*size*leading/mm, size, 0.3, ink)
	}
	label, size := l.fit("director", l.press.regular, l.press.imprint.Director, directorSeal.w+5, way{1, []float64{8.5, 7.5, 6.5}})
	for _, line := range label {
		l.text("director label", l.press.regular, line, point{directorSeal.x, directorSeal.y - 2.2}, size, 0, muted)
	}
	x := directorSeal.x + directorSeal.w + 6.5
	l.label("date label", models.Text{ZH: "签发日期", EN: "issued"}, x, directorSeal.y-2.2)
	l.text("issued_on", l.press.regular, day(models.DateOf(d.At)), point{x, directorSeal.y + 5.6}, 11, 0, ink)
}

// footer says what the file is, and how to check it.
func (l *layout) footer(d *models.Document) {
	made := d.At.In(models.China).Format("2006-01-02 15:04:05")
	first := "生成时间 " + made + "（UTC+8）。本文件带有发证机关和" + l.press.imprint.Director + "两枚电子签章，任何改动都会使签章失效。"
	second := "查验：扫描二维码，或在 " + l.press.imprint.CheckAt + " 上传本文件。Verify: scan the code, or upload this file there."
	third := "演示样本：印章与密钥仅供演示，不具有法律效力。DEMONSTRATION ONLY: seals and keys have no legal effect."
	for n, line := range []string{first, second, third} {
		f, size := l.press.regular, 6.5
		for f.width(line, size, 0)/mm > inner && size > 4.5 {
			size -= 0.25
		}
		l.centered("footer", f, line, pageWidth/2, 270.6+float64(n)*3.5, size, 0, muted)
	}
}

// lay puts a whole page together.
func (p *Press) lay(d *models.Document) (*layout, error) {
	l := &layout{press: p}
	l.head(d)
	l.fields(d)
	l.lower(d)
	return l, l.err
}
