package models

import "strings"

var fieldLabels = map[Field]Text{
	FieldName:              {"姓名", "name"},
	FieldSex:               {"性别", "sex"},
	FieldBirthDate:         {"出生日期", "birth date"},
	FieldCategory:          {"注册类别", "category"},
	FieldCertificateNumber: {"证书编号", "certificate number"},
	FieldSealNumber:        {"注册号（执业印章号）", "seal number"},
	FieldEmployer:          {"聘用单位", "employer"},
	FieldEmployerCode:      {"统一社会信用代码", "unified social credit code"},
	FieldSpecialty:         {"注册专业", "specialty"},
	FieldValidFrom:         {"注册有效期起始日", "valid from"},
	FieldValidUntil:        {"注册有效期截止日", "valid until"},
	FieldIDNumber:          {"证件号码", "ID number"},
	FieldIDType:            {"证件类型", "type of identity paper"},
	FieldPhoto:             {"照片", "photo"},
	FieldSignatureImage:    {"签名图像", "signature image"},
}

// Label is the field's name for people.
func (f Field) Label() Text { return fieldLabels[f] }

// Message says what the document's status means and what to do; whatever the status, it says in words
// which kind of information changed (二(三), R3).
func (d *DocumentFinding) Message() Text {
	t := d.message()
	if len(d.Changed) > 0 && d.Reason != ReasonChanged {
		zh, en := labels(d.Changed)
		t.ZH += "；且注册信息已变更（" + zh + "）"
		t.EN += "; the registration has changed as well (" + en + ")"
	}
	return t
}

func (d *DocumentFinding) message() Text {
	switch d.Reason {
	case ReasonBadSignature:
		return Text{"伪造：二维码签名不符，不是本机构签发的电子证书", "Forged: the code's signature does not verify; we did not issue this"}
	case ReasonNotOurs:
		return Text{"无法识别：这不是本系统的电子证书二维码", "Unknown: this is not a code of an electronic certificate of this register"}
	case ReasonUnreadable:
		return Text{"无法识别：二维码内容不完整或有误，请重新扫描原件", "Unknown: the code is incomplete or damaged; scan the original again"}
	case ReasonUnknownKey:
		return Text{"无法识别：二维码的格式或密钥编号未知", "Unknown: a format or key number that we do not know"}
	case ReasonNoRecord:
		return Text{"无法识别：没有这份电子证书的签发记录", "Unknown: there is no record of such a certificate"}
	case ReasonKeyRevoked:
		return Text{"已作废：签发此证书的密钥已停用，请持证人重新下载", "Withdrawn: the key that signed it is no longer trusted; ask the holder to download again"}
	case ReasonWithdrawn:
		return Text{"已作废：持证人已于 " + d.WithdrawnOn.String() + " 收回此份证书", "Withdrawn by its holder on " + d.WithdrawnOn.String()}
	case ReasonUsePassed:
		return Text{"已过使用时限：本证书使用至 " + d.UseUntil.String() + "，请持证人重新下载并确认使用时限", "Expired: its use limit was " + d.UseUntil.String() + "; ask the holder to endorse and download again"}
	case ReasonChanged:
		zh, en := labels(d.Changed)
		return Text{"信息已变更（" + zh + "）：请以下方登记信息为准，并请持证人重新下载", "Out of date (" + en + "): the registration shown here stands; ask the holder to download again"}
	case ReasonGenuine:
		return Text{"证书真实有效，使用时限至 " + d.UseUntil.String(), "Genuine and within its use limit, until " + d.UseUntil.String()}
	}
	return Text{}
}

func labels(fields []Field) (zh, en string) {
	var z, e []string
	for _, f := range fields {
		z, e = append(z, f.Label().ZH), append(e, f.Label().EN)
	}
	return strings.Join(z, "、"), strings.Join(e, ", ")
}

// Message says in one sentence whether this person is registered.
func (f *RegistrationFinding) Message() Text {
	since := f.Since.String()
	if len(f.Blocks) > 0 && f.Status == RegistrationInForce {
		return Text{"注册在有效期内，但处于处罚期，不得执业", "Registered, but under a penalty: may not practise"}
	}
	switch f.Status {
	case RegistrationInForce:
		return Text{"注册有效，有效期至 " + f.Facts.ValidUntil.String(), "Registered, valid until " + f.Facts.ValidUntil.String()}
	case RegistrationNotYet:
		return Text{"注册尚未生效，自 " + since + " 起有效", "Not yet in force; begins on " + since}
	case RegistrationExpired:
		return Text{"注册已过有效期（截止 " + f.Facts.ValidUntil.String() + "）", "Registration expired; its last day was " + f.Facts.ValidUntil.String()}
	case RegistrationSuspended:
		return decided("注册已被暂停", "Registration suspended", since)
	case RegistrationCancelled:
		return decided("注册已注销", "Registration cancelled", since)
	case RegistrationWithdrawn:
		return decided("注册已被撤销", "Registration withdrawn", since)
	case RegistrationRevoked:
		return decided("注册已被吊销", "Registration revoked", since)
	}
	return Text{}
}

func decided(zh, en, since string) Text {
	if since == "" {
		return Text{zh, en}
	}
	return Text{zh + "（自 " + since + " 起）", en + " since " + since}
}

// message says in one sentence what paper of this status is worth.
func (p PaperTransition) message(s PaperStatus) Text {
	switch s {
	case PaperOnly:
		return Text{"电子证书尚未启用，以纸质证书为准", "Before electronic certificates: the paper certificate counts"}
	case PaperEqual:
		return Text{"过渡期内，已发纸质证书与电子证书具有同等效力；以电子证书信息为准", "Transition: paper already issued and e-certificate are equally valid; where they differ the e-certificate stands"}
	case PaperVoid:
		day := p.VoidFrom.String()
		return Text{"自 " + day + " 起纸质证书失效，请查验电子证书", "Paper certificates are void since " + day + "; ask for the electronic certificate"}
	case PaperNotIssued:
		return Text{"该类别从未发放纸质证书", "No paper certificate was ever issued for this category"}
	}
	return Text{}
}
