package models

import "errors"

// The rules beside the verdict: use windows, paper, comparison, signatures, endorsing, and the second category.

// window is a row of R1: a certificate confirmed on a day.
func window(situation string, c Category, from, registrationEnds, born, want string) row {
	return row{[]string{situation, from, registrationEnds, born}, func() string {
		policy, _ := c.Policy()
		w := policy.WindowFrom(MustDate(from), MustDate(registrationEnds), MustDate(born))
		return w.Until.String() + " | " + string(w.LimitedBy)
	}, want}
}

var (
	windowHead = []string{
		"情形 situation", "确认日 confirmed on", "注册截止 registration ends", "出生日期 born",
		"使用时限截止 use until", "由何决定 set by",
	}
	windowWords = []map[string]string{nil, limitWords}
)

const a1, c1 = CategoryArchitect1, CategoryConstructor1

var windowSection = section{
	title: "二(二) 使用时限 R1",
	note:  "使用时限截止日 = 确认日 + 180 天,不晚于注册有效期截止日;当日有效。 Confirmed on + 180 days, never past the registration's end.",
	head:  windowHead, words: windowWords,
	rows: []row{
		window("电子证书启用首日 the first day of all", a1, "2021-08-01", "2024-12-31", "1980-05-20", "2022-01-28 | use_days"),
		window("注册早一天截止 registration ends one day before", a1, "2021-08-01", "2022-01-27", "1980-05-20", "2022-01-27 | registration_end"),
		window("注册同日截止 registration ends the same day", a1, "2021-08-01", "2022-01-28", "1980-05-20", "2022-01-28 | use_days"),
		window("注册晚一天截止 registration ends one day after", a1, "2021-08-01", "2022-01-29", "1980-05-20", "2022-01-28 | use_days"),
		window("注册明日截止 registration ends tomorrow", a1, "2021-08-01", "2021-08-02", "1980-05-20", "2021-08-02 | registration_end"),
		window("注册当日截止 registration ends today", a1, "2021-08-01", "2021-08-01", "1980-05-20", "2021-08-01 | registration_end"),
		window("平年二月末 end of February, common year", a1, "2022-09-01", "2024-12-31", "1980-05-20", "2023-02-28 | use_days"),
		window("平年三月初 first of March, common year", a1, "2022-09-02", "2024-12-31", "1980-05-20", "2023-03-01 | use_days"),
		window("闰年二月末 29 February, leap year", a1, "2023-09-02", "2024-12-31", "1980-05-20", "2024-02-29 | use_days"),
		window("闰年三月初 first of March, leap year", a1, "2023-09-03", "2024-12-31", "1980-05-20", "2024-03-01 | use_days"),
		window("闰日确认 confirmed on 29 February", a1, "2024-02-29", "2024-12-31", "1980-05-20", "2024-08-27 | use_days"),
		window("注册于闰日截止 registration ends on 29 February", a1, "2024-01-01", "2024-02-29", "1980-05-20", "2024-02-29 | registration_end"),
		window("整百年非闰年 a century that is no leap year", a1, "2099-09-02", "2101-12-31", "2060-05-20", "2100-03-01 | use_days"),
		window("建筑师无年龄上限 no age cap for architects", a1, "2024-01-01", "2024-12-31", "1959-01-15", "2024-06-29 | use_days"),
	},
}

var ageSection = section{
	title: "建办市〔2021〕40号 建造师使用时限 R1b",
	note:  "另不晚于年满 65 岁之日(含当日);2 月 29 日出生者,平年以 2 月 28 日计。 Nor past the 65th birthday, that day included.",
	head:  windowHead, words: windowWords,
	rows: []row{
		window("未近 65 岁 far from 65", c1, "2024-01-01", "2025-12-31", "1980-05-20", "2024-06-29 | use_days"),
		window("180 天届满前一日满 65 岁 65 one day before the 180 days end", c1, "2024-01-01", "2025-12-31", "1959-06-28", "2024-06-28 | age"),
		window("180 天届满当日满 65 岁 65 on that very day", c1, "2024-01-01", "2025-12-31", "1959-06-29", "2024-06-29 | use_days"),
		window("180 天届满次日满 65 岁 65 one day after", c1, "2024-01-01", "2025-12-31", "1959-06-30", "2024-06-29 | use_days"),
		window("满 65 岁早于注册截止 65 before the registration ends", c1, "2024-01-01", "2024-03-31", "1959-03-30", "2024-03-30 | age"),
		window("满 65 岁与注册截止同日 65 on the day the registration ends", c1, "2024-01-01", "2024-03-31", "1959-03-31", "2024-03-31 | registration_end"),
		window("满 65 岁晚于注册截止 65 after the registration ends", c1, "2024-01-01", "2024-03-31", "1959-04-01", "2024-03-31 | registration_end"),
		window("2 月 29 日生,平年满 65 岁 born on 29 February", c1, "2025-01-01", "2025-12-31", "1960-02-29", "2025-02-28 | age"),
		window("2 月 28 日生 born on 28 February", c1, "2025-01-01", "2025-12-31", "1960-02-28", "2025-02-28 | age"),
		window("3 月 1 日生 born on 1 March", c1, "2025-01-01", "2025-12-31", "1960-03-01", "2025-03-01 | age"),
		window("满 65 岁当日确认 confirmed on the 65th birthday", c1, "2025-02-28", "2025-12-31", "1960-02-29", "2025-02-28 | age"),
	},
}

var constructorSection = section{
	title: "建办市〔2021〕40号 建造师查验 R1b, R2, R3",
	note:  "建造师证书另印注册专业。 A constructor's certificate also prints the specialty.",
	head:  verdictHead, words: verdictWords,
	rows: []row{
		verdict("专业未变 specialty as printed", "2021-10-01 12:00:00",
			"valid | genuine | - | in_force | - | 可用", constructor),
		verdict("专业变更 specialty changed", "2021-10-01 12:00:00",
			"outdated | information_changed | specialty | in_force | - | 不可用",
			constructor, register(func(r *Registration) { r.Specialty = "市政公用工程" })),
		verdict("单位与专业变更 employer and specialty changed", "2021-10-01 12:00:00",
			"outdated | information_changed | employer, specialty | in_force | - | 不可用",
			constructor, moved, register(func(r *Registration) { r.Specialty = "市政公用工程" })),
		verdict("未印:统一社会信用代码 not printed: employer's code", "2021-10-01 12:00:00",
			"valid | genuine | - | in_force | - | 可用",
			constructor, register(func(r *Registration) { r.EmployerCode = "91350100M000100Y43" })),
		verdict("满 65 岁当日最后一秒 last second of the 65th birthday", "2021-11-11 23:59:59",
			"valid | genuine | - | in_force | - | 可用",
			constructor, printed(func(r *Registration) { r.Person.BirthDate = MustDate("1956-11-11") }), useUntil("2021-11-11")),
		verdict("满 65 岁次日零时 first second after the 65th birthday", "2021-11-12 00:00:00",
			"expired | use_limit_passed | - | in_force | - | 不可用",
			constructor, printed(func(r *Registration) { r.Person.BirthDate = MustDate("1956-11-11") }), useUntil("2021-11-11")),
	},
}

func paper(situation string, c Category, now, want string) row {
	return row{[]string{situation, clocks(now)}, func() string {
		p, known := c.PaperOn(DateOf(china(now)))
		if !known {
			p.Status = "not_confirmed"
		}
		return string(p.Status) + " | " + list(p.From.String()) + " | " + list(p.Until.String())
	}, want}
}

var paperSection = section{
	title: "一(一)(二) 纸质证书 R5",
	head: []string{
		"情形 situation", "查验时刻 now (UTC+8, UTC)", "纸质证书 paper", "自 from", "至 until",
	},
	words: []map[string]string{paperWords},
	rows: []row{
		paper("启用电子证书前一日最后一秒 last second before electronic certificates", a1, "2021-07-31 23:59:59", "only | - | 2021-07-31"),
		paper("启用当日零时 first second of electronic certificates", a1, "2021-08-01 00:00:00", "equal | 2021-08-01 | 2022-06-30"),
		paper("过渡期第二日 second day of the transition", a1, "2021-08-02 12:00:00", "equal | 2021-08-01 | 2022-06-30"),
		paper("过渡期最后一秒 last second of the transition", a1, "2022-06-30 23:59:59", "equal | 2021-08-01 | 2022-06-30"),
		paper("全面实施当日零时 first second after it", a1, "2022-07-01 00:00:00", "void | 2022-07-01 | -"),
		paper("多年以后 many years later", a1, "2035-01-01 12:00:00", "void | 2022-07-01 | -"),
		paper("本通知不涉及的类别 a category that the notice is not about", c1, "2021-10-01 12:00:00", "not_confirmed | - | -"),
	},
}

func compare(field Field, says, want string) row {
	return row{[]string{field.Label().ZH + " " + string(field), "“" + says + "”"}, func() string {
		lines, err := ComparePaper(map[Field]string{field: says}, newWorld().reg)
		if err != nil {
			return AsError(err).Code + " | -"
		}
		if lines[0].Same {
			return "same | " + list(lines[0].RegisterSays)
		}
		return "differs | " + list(lines[0].RegisterSays)
	}, want}
}

var comparisonSection = section{
	title: "二(三) 纸质与电子证书不一致 R4",
	note:  "以电子证书(登记)为准。仅比对任何人本可看到的字段。 The register's word stands; only public fields are compared.",
	head:  []string{"字段 field", "纸质所载 paper says", "比对 result", "登记所载 register says"},
	words: []map[string]string{sameWords},
	rows: []row{
		compare(FieldName, "李明", "same | 李明"),
		compare(FieldName, "  李明 ", "same | 李明"),
		compare(FieldName, "李鸣", "differs | 李明"),
		compare(FieldCategory, "一级注册建筑师", "same | 一级注册建筑师"),
		compare(FieldCategory, "first_class_architect", "same | 一级注册建筑师"),
		compare(FieldCategory, "二级注册建筑师", "differs | 一级注册建筑师"),
		compare(FieldCertificateNumber, "121500249", "same | 121500249"),
		compare(FieldCertificateNumber, "121500250", "differs | 121500249"),
		compare(FieldSealNumber, "281827-007", "same | 281827-007"),
		compare(FieldSealNumber, "281827007", "differs | 281827-007"),
		compare(FieldEmployer, "示范建筑设计院", "same | 示范建筑设计院"),
		compare(FieldEmployer, "示范设计院", "differs | 示范建筑设计院"),
		compare(FieldEmployerCode, "11430000006122244L", "same | 11430000006122244L"),
		compare(FieldSpecialty, "", "same | -"),
		compare(FieldSpecialty, "建筑学", "differs | -"),
		compare(FieldValidFrom, "2020-01-01", "same | 2020-01-01"),
		compare(FieldValidUntil, "2024-12-31", "same | 2024-12-31"),
		compare(FieldValidUntil, "2025-12-31", "differs | 2024-12-31"),
		compare(FieldIDNumber, "11010519800520001X", "paper_field_unknown | -"),
		compare(FieldBirthDate, "1980-05-20", "paper_field_unknown | -"),
		compare(FieldSex, "男", "paper_field_unknown | -"),
	},
}

func signed(document string, want string, steps ...step) row {
	return row{[]string{document}, func() string {
		w := newWorld()
		for _, s := range steps {
			s(w)
		}
		v := w.decide("2021-10-01 12:00:00")
		return yes(PrintUsable(v, SignatureMatches)) + " | " + yes(PrintUsable(v, SignatureDiffers)) + " | " +
			yes(PrintUsable(v, SignatureMissing))
	}, want}
}

var signatureSection = section{
	title: "二(四) 打印件的手写签名 R8",
	head: []string{
		"电子证书与注册 document and registration", "签名一致 match", "签名不一致 differs", "未签名 missing",
	},
	rows: []row{
		signed("均有效 valid, in force", "可用 | 不可用 | 不可用"),
		signed("证书已过使用时限 expired", "不可用 | 不可用 | 不可用", useUntil("2021-09-30")),
		signed("证书信息已变更 outdated", "不可用 | 不可用 | 不可用", moved),
		signed("证书已收回 withdrawn", "不可用 | 不可用 | 不可用", withdrawn),
		signed("注册暂停 suspended", "不可用 | 不可用 | 不可用", state(StateSuspended)),
		signed("处罚期内 under a penalty", "不可用 | 不可用 | 不可用", penalty("2021-10-01", "")),
		signed("伪造 forged", "不可用 | 不可用 | 不可用", code(func(r *Reading) { r.Outcome = ReadForged })),
		signed("无签发记录 no record", "不可用 | 不可用 | 不可用", noRecord),
	},
}

func endorse(situation, day, want string, steps ...step) row {
	return row{[]string{situation, day}, func() string {
		w := newWorld()
		for _, s := range steps {
			s(w)
		}
		window, err := EndorseWindow(&w.reg, MustDate(day))
		if err != nil {
			if !errors.Is(err, ErrEndorseBarred) || window != (UseWindow{}) {
				return AsError(err).Code + " | " + list(window.Until.String())
			}
			return "endorse_barred | -"
		}
		return "ok | " + window.Until.String()
	}, want}
}
