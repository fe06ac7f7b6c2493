package web

import (
	"regexp"
	"unicode"
	"unicode/utf8"

	"yanzheng/models"
)

// tone is how a page feels at first sight: the name of its colours and of its icon.
type tone string

// The tones. Each has its own shape beside its colour, for eyes and screens that do not tell colours apart.
const (
	toneGood    tone = "good"
	toneBad     tone = "bad"
	toneWarn    tone = "warn"
	toneUnknown tone = "unknown"
	tonePlain   tone = "plain"
)

// Theme is the tone's colour for the browser's own bar; the same as in the style sheet.
func (t tone) Theme() string {
	switch t {
	case toneGood:
		return "#0a5f2c"
	case toneBad:
		return "#a00d14"
	case toneWarn:
		return "#ffc02e"
	case toneUnknown, tonePlain:
	}
	return "#424851"
}

// word is a status in one word, with its tone.
type word struct {
	models.Text
	Tone tone
}

var (
	usable    = models.Text{ZH: "可以使用", EN: "Usable"}
	notUsable = models.Text{ZH: "不可使用", EN: "Not usable"}
	notShown  = models.Text{ZH: "不显示：这样的证书不能说明任何人的注册", EN: "Not shown: such a document says nothing about anybody"}
)

// documentWord gives a document's status in one word. A status that no rule knows is unknown, never good.
func documentWord(s models.DocumentStatus) word {
	switch s {
	case models.DocumentForged:
		return word{models.Text{ZH: "伪造", EN: "Forged"}, toneBad}
	case models.DocumentWithdrawn:
		return word{models.Text{ZH: "已作废", EN: "Withdrawn"}, toneWarn}
	case models.DocumentExpired:
		return word{models.Text{ZH: "已过使用时限", EN: "Past its use limit"}, toneWarn}
	case models.DocumentOutdated:
		return word{models.Text{ZH: "信息已变更", EN: "Out of date"}, toneWarn}
	case models.DocumentValid:
		return word{models.Text{ZH: "真实有效", EN: "Genuine and valid"}, toneGood}
	case models.DocumentUnknown:
	}
	return word{models.Text{ZH: "无法识别", EN: "Unknown"}, toneUnknown}
}

// registrationWord gives a registration's status in one word; a block bars like a status.
func registrationWord(s models.RegistrationStatus, blocks []models.BlockKind) word {
	switch s {
	case models.RegistrationInForce:
		if len(blocks) > 0 {
			return word{blockText(blocks[0]), toneBad}
		}
		return word{models.Text{ZH: "注册有效", EN: "In force"}, toneGood}
	case models.RegistrationNotYet:
		return word{models.Text{ZH: "注册尚未生效", EN: "Not yet in force"}, toneBad}
	case models.RegistrationExpired:
		return word{models.Text{ZH: "注册已过期", EN: "Registration expired"}, toneBad}
	case models.RegistrationSuspended:
		return word{models.Text{ZH: "注册已暂停", EN: "Registration suspended"}, toneBad}
	case models.RegistrationCancelled:
		return word{models.Text{ZH: "注册已注销", EN: "Registration cancelled"}, toneBad}
	case models.RegistrationWithdrawn:
		return word{models.Text{ZH: "注册已撤销", EN: "Registration withdrawn"}, toneBad}
	case models.RegistrationRevoked:
		return word{models.Text{ZH: "注册已吊销", EN: "Registration revoked"}, toneBad}
	}
	return word{models.Text{ZH: "注册状态不明", EN: "Registration status unknown"}, toneBad}
}

func blockText(k models.BlockKind) models.Text {
	if k == models.BlockPenalty {
		return models.Text{ZH: "处罚期内", EN: "Under a penalty"}
	}
	return models.Text{ZH: "执业受限", EN: "Restricted"}
}

// reasonText names a reason that stands beside the one that gave the document its status.
func reasonText(r models.Reason) models.Text {
	switch r {
	case models.ReasonWithdrawn:
		return models.Text{ZH: "持证人已收回", EN: "Withdrawn by its holder"}
	case models.ReasonKeyRevoked:
		return models.Text{ZH: "签发密钥已停用", EN: "Signing key no longer trusted"}
	case models.ReasonUsePassed:
		return documentWord(models.DocumentExpired).Text
	case models.ReasonChanged:
		return documentWord(models.DocumentOutdated).Text
	case models.ReasonBadSignature, models.ReasonNotOurs, models.ReasonUnreadable, models.ReasonUnknownKey,
		models.ReasonNoRecord, models.ReasonGenuine:
	}
	return models.Text{}
}

// advice says what to do now.
func advice(v models.Verdict) models.Text {
	switch {
	case v.Usable():
		return models.Text{
			ZH: "请将手中的证书与本页逐项核对：姓名、编号、聘用单位须完全一致，打印件须有持证人手写签名。",
			EN: "Hold the certificate against this page: name, numbers and employer must be the same, and a print must be signed by hand.",
		}
	case v.Document.Status == models.DocumentForged:
		return models.Text{
			ZH: "不要接受。请保留证据，并向注册管理机构举报。",
			EN: "Do not accept it. Keep the evidence and report it to the registration authority.",
		}
	case v.Registration == nil:
		return unknownAdvice(v.Document.Reason)
	case !v.Registration.Usable():
		return models.Text{
			ZH: "不要接受。此人目前不得以该注册执业。",
			EN: "Do not accept it. This person may not practise under this registration now.",
		}
	}
	return models.Text{
		ZH: "不要接受这一份。请持证人登录，确认使用时限并重新下载，再扫描新的一份。",
		EN: "Do not accept this copy. Ask the holder to log in, confirm the use limit and download again; then scan the new one.",
	}
}

func unknownAdvice(r models.Reason) models.Text {
	if r == models.ReasonUnreadable || r == models.ReasonNotOurs {
		return models.Text{
			ZH: "请对准证书原件上的二维码重新扫描；仍无法识别时，不要接受。",
			EN: "Scan the code on the original again. If it is still not recognised, do not accept it.",
		}
	}
	return models.Text{
		ZH: "不要接受。请持证人登录后重新下载，再扫描新的一份。",
		EN: "Do not accept it. Ask the holder to log in and download again; then scan the new one.",
	}
}

// sentence is a text in which dates are set so that no line ends within one.
type sentence models.Text

// piece is a part of a sentence.
type piece struct {
	Text string
	Date bool
}

var isoDate = regexp.MustCompile(`[0-9]{4}-[0-9]{2}-[0-9]{2}`)

// Chinese gives the pieces of the Chinese sentence.
func (s sentence) Chinese() []piece { return pieces(s.ZH) }

// English gives the pieces of the English sentence.
func (s sentence) English() []piece { return pieces(s.EN) }

func pieces(s string) (out []piece) {
	for s != "" {
		at := isoDate.FindStringIndex(s)
		if at == nil {
			return append(out, piece{Text: s})
		}
		if at[0] > 0 {
			out = append(out, piece{Text: s[:at[0]]})
		}
		out = append(out, piece{Text: s[at[0]:at[1]], Date: true})
		s = s[at[1]:]
	}
	return out
}

// heading gives a text whose English begins with a capital, as a label does.
func heading(t models.Text) models.Text {
	first, size := utf8.DecodeRuneInString(t.EN)
	if size > 0 {
		t.EN = string(unicode.ToUpper(first)) + t.EN[size:]
	}
	return t
}
