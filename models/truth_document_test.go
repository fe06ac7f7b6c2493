package models

// What a scan says of the document: the code, the use limit, changes, and what stands above what.

var scanSection = section{
	title: "二(五) 扫描二维码 R9, R10",
	note:  "伪造或无法识别时,不显示任何注册信息。 A forged or unknown document shows no registration.",
	head:  verdictHead, words: verdictWords,
	rows: []row{
		verdict("签名真实,有签发记录 genuine signature, on record", "2021-10-01 12:00:00",
			"valid | genuine | - | in_force | - | 可用"),
		verdict("签名不符 signature does not verify", "2021-10-01 12:00:00",
			"forged | bad_signature | - | - | - | 不可用",
			code(func(r *Reading) { r.Outcome = ReadForged })),
		verdict("签名不符,且记录在案者已收回、已变更 does not verify; the one on record is withdrawn and changed", "2022-03-01 12:00:00",
			"forged | bad_signature | - | - | - | 不可用",
			withdrawn, moved, code(func(r *Reading) { r.Outcome = ReadForged })),
		verdict("他处的二维码 a code of another site", "2021-10-01 12:00:00",
			"unknown | not_ours | - | - | - | 不可用",
			code(func(r *Reading) { r.Outcome = ReadNotOurs })),
		verdict("二维码残缺 an incomplete code", "2021-10-01 12:00:00",
			"unknown | unreadable | - | - | - | 不可用",
			code(func(r *Reading) { r.Outcome = ReadUnreadable })),
		verdict("读取结果不在集合内 an outcome outside the set", "2021-10-01 12:00:00",
			"unknown | unreadable | - | - | - | 不可用",
			code(func(r *Reading) { r.Outcome = 99 })),
		verdict("格式或密钥编号未知 format or key number unknown", "2021-10-01 12:00:00",
			"unknown | unknown_key | - | - | - | 不可用",
			code(func(r *Reading) { r.Outcome = ReadUnknownKey })),
		verdict("签名真实,无签发记录 genuine signature, no such certificate", "2021-10-01 12:00:00",
			"unknown | no_record | - | - | - | 不可用", noRecord),
		verdict("签名真实,无签发记录,密钥已泄露 the same, signed by a leaked key", "2021-10-01 12:00:00",
			"unknown | no_record | - | - | - | 不可用", noRecord, keyRevoked),
		verdict("记录属于另一份证书 the record is of another certificate", "2021-10-01 12:00:00",
			"unknown | no_record | - | - | - | 不可用",
			code(func(r *Reading) { r.ID[7]++ })),
		verdict("码上时限比记录晚一天 the code says a use limit one day later", "2021-10-01 12:00:00",
			"unknown | no_record | - | - | - | 不可用",
			code(func(r *Reading) { r.UseUntil++ })),
		verdict("码上时限比记录早一天 the code says a use limit one day earlier", "2021-10-01 12:00:00",
			"unknown | no_record | - | - | - | 不可用",
			code(func(r *Reading) { r.UseUntil-- })),
		verdict("码上证照种类与记录不符 the code says another kind of document", "2021-10-01 12:00:00",
			"unknown | no_record | - | - | - | 不可用",
			code(func(r *Reading) { r.Kind++ })),
		verdict("码上密钥编号与记录不符 the code says another key number", "2021-10-01 12:00:00",
			"unknown | no_record | - | - | - | 不可用",
			code(func(r *Reading) { r.KeyNumber++ })),
	},
}

var expirySection = section{
	title: "二(二) 超出使用时限 R2",
	note:  "使用时限截止 2022-01-28,当日整日有效。 The use limit is 2022-01-28, valid to the end of that day in China.",
	head:  verdictHead, words: verdictWords,
	rows: []row{
		verdict("确认当日零时 first second of the first day", "2021-08-01 00:00:00",
			"valid | genuine | - | in_force | - | 可用"),
		verdict("截止前一日 the day before the last", "2022-01-27 12:00:00",
			"valid | genuine | - | in_force | - | 可用"),
		verdict("截止日零时 first second of the last day", "2022-01-28 00:00:00",
			"valid | genuine | - | in_force | - | 可用"),
		verdict("截止日中午 noon of the last day", "2022-01-28 12:00:00",
			"valid | genuine | - | in_force | - | 可用"),
		verdict("截止日最后一秒 last second of the last day", "2022-01-28 23:59:59",
			"valid | genuine | - | in_force | - | 可用"),
		verdict("次日零时(世界时仍为截止日) first second after; in UTC still the last day", "2022-01-29 00:00:00",
			"expired | use_limit_passed | - | in_force | - | 不可用"),
		verdict("次日 the day after", "2022-01-29 12:00:00",
			"expired | use_limit_passed | - | in_force | - | 不可用"),
		verdict("两年后 two years later", "2024-01-28 12:00:00",
			"expired | use_limit_passed | - | in_force | - | 不可用"),
		verdict("闰日截止,当日最后一秒 ends on 29 February, last second", "2024-02-29 23:59:59",
			"valid | genuine | - | in_force | - | 可用", useUntil("2024-02-29")),
		verdict("闰日截止,次日零时 ends on 29 February, the day after", "2024-03-01 00:00:00",
			"expired | use_limit_passed | - | in_force | - | 不可用", useUntil("2024-02-29")),
	},
}

var precedenceSection = section{
	title: "二(一)(二)(三) 多项理由并存时的次序 R2, R3, R12",
	note: "次序:收回或密钥停用 → 超出时限 → 信息变更。第一项决定结论,其余列为附加理由。" +
		" Withdrawn or leaked key, then expired, then outdated; the first decides, the others stand beside it.",
	head: verdictHead, words: verdictWords,
	rows: []row{
		verdict("无 nothing", "2021-10-01 12:00:00",
			"valid | genuine | - | in_force | - | 可用"),
		verdict("变更 changed", "2021-10-01 12:00:00",
			"outdated | information_changed | employer | in_force | - | 不可用", moved),
		verdict("超时限 expired", "2022-03-01 12:00:00",
			"expired | use_limit_passed | - | in_force | - | 不可用"),
		verdict("超时限、变更 expired, changed", "2022-03-01 12:00:00",
			"expired | use_limit_passed, information_changed | employer | in_force | - | 不可用", moved),
		verdict("密钥停用 key leaked", "2021-10-01 12:00:00",
			"withdrawn | key_revoked | - | in_force | - | 不可用", keyRevoked),
		verdict("密钥停用、变更 key leaked, changed", "2021-10-01 12:00:00",
			"withdrawn | key_revoked, information_changed | employer | in_force | - | 不可用", keyRevoked, moved),
		verdict("密钥停用、超时限 key leaked, expired", "2022-03-01 12:00:00",
			"withdrawn | key_revoked, use_limit_passed | - | in_force | - | 不可用", keyRevoked),
		verdict("密钥停用、超时限、变更 key leaked, expired, changed", "2022-03-01 12:00:00",
			"withdrawn | key_revoked, use_limit_passed, information_changed | employer | in_force | - | 不可用", keyRevoked, moved),
		verdict("收回 withdrawn", "2021-10-01 12:00:00",
			"withdrawn | withdrawn_by_holder | - | in_force | - | 不可用", withdrawn),
		verdict("收回、变更 withdrawn, changed", "2021-10-01 12:00:00",
			"withdrawn | withdrawn_by_holder, information_changed | employer | in_force | - | 不可用", withdrawn, moved),
		verdict("收回、超时限 withdrawn, expired", "2022-03-01 12:00:00",
			"withdrawn | withdrawn_by_holder, use_limit_passed | - | in_force | - | 不可用", withdrawn),
		verdict("收回、超时限、变更 withdrawn, expired, changed", "2022-03-01 12:00:00",
			"withdrawn | withdrawn_by_holder, use_limit_passed, information_changed | employer | in_force | - | 不可用", withdrawn, moved),
		verdict("收回、密钥停用 withdrawn, key leaked", "2021-10-01 12:00:00",
			"withdrawn | withdrawn_by_holder, key_revoked | - | in_force | - | 不可用", withdrawn, keyRevoked),
		verdict("收回、密钥停用、变更 withdrawn, key leaked, changed", "2021-10-01 12:00:00",
			"withdrawn | withdrawn_by_holder, key_revoked, information_changed | employer | in_force | - | 不可用", withdrawn, keyRevoked, moved),
		verdict("收回、密钥停用、超时限 withdrawn, key leaked, expired", "2022-03-01 12:00:00",
			"withdrawn | withdrawn_by_holder, key_revoked, use_limit_passed | - | in_force | - | 不可用", withdrawn, keyRevoked),
		verdict("四项并存,注册亦被吊销、处罚 all four, and the registration revoked under a penalty", "2022-03-01 12:00:00",
			"withdrawn | withdrawn_by_holder, key_revoked, use_limit_passed, information_changed | employer | revoked | penalty | 不可用",
			withdrawn, keyRevoked, moved, state(StateRevoked), penalty("2022-01-01", "")),
	},
}

// change is a row of R3: one field of the register moves while the certificate stays as it is.
func change(situation, fields string, f func(r *Registration)) row {
	want := "outdated | information_changed | " + fields + " | in_force | - | 不可用"
	if fields == "" {
		want = "valid | genuine | - | in_force | - | 可用"
	}
	return verdict(situation, "2021-10-01 12:00:00", want, register(f))
}

var changeSection = section{
	title: "二(三) 注册信息变更 R3",
	note:  "证书上印有的信息与登记不同,才算变更。 Only what is printed can be out of date.",
	head:  verdictHead, words: verdictWords,
	rows: []row{
		change("注册类别 category", "category", func(r *Registration) { r.Category = CategoryArchitect2 }),
		change("类别无规则 a category without a rule", "category", func(r *Registration) { r.Category = "gone" }),
		change("姓名 name", "name", func(r *Registration) { r.Person.Name = "李鸣" }),
		change("性别 sex", "sex", func(r *Registration) { r.Person.Sex = Female }),
		change("出生日期 birth date", "birth_date", func(r *Registration) { r.Person.BirthDate++ }),
		change("证书编号 certificate number", "certificate_number", func(r *Registration) { r.CertificateNumber = "121500250" }),
		change("执业印章号 seal number", "seal_number", func(r *Registration) { r.SealNumber = "281827-008" }),
		change("聘用单位 employer", "employer", func(r *Registration) { r.Employer = "另一家设计院" }),
		change("有效期起始日 valid from", "valid_from", validFrom("2020-01-02")),
		change("有效期截止日(延续注册) valid until: renewed", "valid_until", validUntil("2026-12-31")),
		change("改名并调动 new name and new employer", "name, employer", func(r *Registration) {
			r.Employer, r.Person.Name = "另一家设计院", "李鸣"
		}),
		change("未印:统一社会信用代码 not printed: employer's code", "", func(r *Registration) { r.EmployerCode = "91350100M000100Y43" }),
		change("未印:证件号码 not printed: ID number", "", func(r *Registration) { r.Person.IDNumber = "110105198005200132" }),
		change("未印:建筑师无专业 not printed: an architect's specialty", "", func(r *Registration) { r.Specialty = "建筑学" }),
		change("未印:暂停后已恢复 not printed: a suspension, lifted", "", func(r *Registration) {
			r.State, r.StateSince, r.Version = StateInForce, MustDate("2021-09-20"), 3
		}),
		change("未印:处罚已满 not printed: a penalty, over", "", func(r *Registration) {
			r.Blocks = []Block{{Kind: BlockPenalty, From: MustDate("2021-09-01"), Until: MustDate("2021-09-30")}}
		}),
		verdict("正被暂停:证书未变更,注册暂停 suspended: document as it was, registration not", "2021-10-01 12:00:00",
			"valid | genuine | - | suspended | - | 不可用", state(StateSuspended)),
		verdict("有效期被缩短,截止日当日 validity cut short, on its last day", "2021-09-30 23:59:59",
			"outdated | information_changed | valid_until | in_force | - | 不可用", register(validUntil("2021-09-30"))),
		verdict("有效期被缩短,次日 validity cut short, the day after", "2021-10-01 00:00:00",
			"outdated | information_changed | valid_until | expired | - | 不可用", register(validUntil("2021-09-30"))),
	},
}
