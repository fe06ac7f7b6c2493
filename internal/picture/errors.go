package picture

import (
	"fmt"

	"yanzheng/models"
)

// Why a picture is refused. The sentences have places for the numbers of the Rules; what Photo and
// Signature return has them filled in, and names the field. Compare with errors.Is.
var (
	ErrTooLarge = models.NewError(models.KindRule, "image_too_large",
		"文件过大：请压缩到 %s 以内再上传", "The file is too large: bring it below %s and upload it again")
	ErrFormat = models.NewError(models.KindRule, "image_format",
		"只接受 JPEG 或 PNG 图片：请另存为其中一种格式再上传", "Only JPEG and PNG are accepted: save the picture as one of them and upload it again")
	ErrHEIC = models.NewError(models.KindRule, "image_heic",
		"这是 HEIC/AVIF 格式：请在手机“设置—相机—格式”中选择“兼容性最佳”后重拍，或另存为 JPEG 再上传",
		"This is HEIC or AVIF: choose “Most Compatible” in the phone's camera settings and take it again, or save it as JPEG")
	ErrAnimated = models.NewError(models.KindRule, "image_animated",
		"不接受动图：请上传静态的 JPEG 或 PNG 图片", "Animated pictures are not accepted: upload a still JPEG or PNG")
	ErrBroken = models.NewError(models.KindRule, "image_broken",
		"图片已损坏或不完整：请重新导出或重新拍摄后再上传", "The picture is damaged or incomplete: export it or take it again, then upload it")
	ErrUnsupported = models.NewError(models.KindRule, "image_unsupported",
		"无法读取这种编码的图片：请用看图软件另存为普通的 JPEG 或 PNG 再上传",
		"This kind of encoding cannot be read: save the picture as an ordinary JPEG or PNG and upload it again")
	ErrPrintColours = models.NewError(models.KindRule, "image_cmyk",
		"图片为印刷用的 CMYK 颜色：请转换为 RGB 后再上传", "The picture has CMYK colours, which are for printing: convert it to RGB and upload it again")
	ErrTooManyPixels = models.NewError(models.KindRule, "image_too_many_pixels",
		"图片像素过多：请缩小到长边不超过 %d 像素再上传", "The picture has too many pixels: shrink it to at most %d on its longer side and upload it again")

	ErrPhotoTooSmall = models.NewError(models.KindRule, "photo_too_small",
		"照片太小：请上传不小于 %d×%d 像素的照片", "The photo is too small: upload one of at least %d × %d pixels")
	ErrPhotoRatio = models.NewError(models.KindRule, "photo_ratio",
		"照片宽高比不符：请裁剪为宽∶高＝%d∶%d（一寸照）再上传", "The photo has the wrong shape: crop it to width : height = %d : %d and upload it again")
	ErrPhotoBackground = models.NewError(models.KindRule, "photo_background",
		"照片背景不是浅色：请在白色背景前、光线均匀处重拍，头部上方和两侧留出空白",
		"The background is not light: take the photo in front of white, in even light, with space above the head and at both sides")
	ErrPhotoTooDetailed = models.NewError(models.KindRule, "photo_too_detailed",
		"照片噪点过多，无法压缩到 %s 以内：请在光线充足处重拍", "The photo is too noisy to fit into %s: take it again in good light")

	ErrSignatureBackground = models.NewError(models.KindRule, "signature_background",
		"背景太暗：请用深色笔在白纸上签名，在光线充足处拍摄或扫描", "The background is too dark: sign with a dark pen on white paper, and scan it or take its picture in good light")
	ErrSignatureBlank = models.NewError(models.KindRule, "signature_blank",
		"没有找到清晰的签名：请用黑色签字笔在白纸上书写，靠近拍摄，使签名占满画面",
		"No clear signature was found: write with a black pen on white paper, and go near, so that it fills the picture")
	ErrSignatureTooSmall = models.NewError(models.KindRule, "signature_too_small",
		"签名太小：请靠近拍摄，或提高扫描分辨率，使签名长边不少于 %d 像素",
		"The signature is too small: go near, or scan more finely, so that its longer side has at least %d pixels")
	ErrSignatureAtEdge = models.NewError(models.KindRule, "signature_at_edge",
		"签名或阴影碰到了画面边缘：请只拍白纸部分，并在签名四周留出空白",
		"The signature, or something dark, touches the edge: show nothing but the white paper, with space around the signature")
	ErrSignatureCrowded = models.NewError(models.KindRule, "signature_crowded",
		"深色部分过多，不像签名：请只拍摄白纸上的签名，不要包含其他内容", "Too much is dark for a signature: show the signature on white paper and nothing else")
)

// filled returns a copy of e with the numbers in its sentences.
func filled(e *models.Error, numbers ...any) *models.Error {
	c := e.Because(nil)
	c.Message.ZH = fmt.Sprintf(c.Message.ZH, numbers...)
	c.Message.EN = fmt.Sprintf(c.Message.EN, numbers...)
	return c
}

// size gives a number of bytes as people write it.
func size(bytes int) string {
	if bytes >= 1<<20 && bytes%(1<<20) == 0 {
		return fmt.Sprintf("%d MB", bytes>>20)
	}
	return fmt.Sprintf("%d KB", bytes>>10)
}
