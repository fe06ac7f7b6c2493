package models

// What a scan says of the registration: states, dates, blocks, and both halves together.

var registrationSection = section{
	title: "注册状态 R11",
	note:  "证书本身仍为有效,但注册不在有效状态,结论即为不可用。 The document stands; the registration decides.",
	head:  verdictHead, words: verdictWords,
	rows: []row{
		verdict("有效 in force", "2021-10-01 12:00:00",
			"valid | genuine | - | in_force | - | 可用", state(StateInForce)),
		verdict("暂停 suspended", "2021-10-01 12:00:00",
			"valid | genuine | - | suspended | - | 不可用", state(StateSuspended)),
		verdict("注销 cancelled", "2021-10-01 12:00:00",
			"valid | genuine | - | cancelled | - | 不可用", state(StateCancelled)),
		verdict("撤销 withdrawn", "2021-10-01 12:00:00",
			"valid | genuine | - | withdrawn | - | 不可用", state(StateWithdrawn)),
		verdict("吊销 revoked", "2021-10-01 12:00:00",
			"valid | genuine | - | revoked | - | 不可用", state(StateRevoked)),
		verdict("规则未载的状态一律从严 a state that no rule knows bars", "2021-10-01 12:00:00",
			"valid | genuine | - | suspended | - | 不可用", state("frozen")),
		verdict("起始日前一日最后一秒 last second before the registration begins", "2021-09-30 23:59:59",
			"valid | genuine | - | not_yet | - | 不可用", printed(validFrom("2021-10-01"))),
		verdict("起始日零时 first second of its first day", "2021-10-01 00:00:00",
			"valid | genuine | - | in_force | - | 可用", printed(validFrom("2021-10-01"))),
		verdict("起始日次日 the day after its first", "2021-10-02 12:00:00",
			"valid | genuine | - | in_force | - | 可用", printed(validFrom("2021-10-01"))),
		verdict("截止日前一日 the day before the registration's last", "2021-12-30 12:00:00",
			"valid | genuine | - | in_force | - | 可用", printed(validUntil("2021-12-31")), useUntil("2021-12-31")),
		verdict("截止日最后一秒 last second of its last day", "2021-12-31 23:59:59",
			"valid | genuine | - | in_force | - | 可用", printed(validUntil("2021-12-31")), useUntil("2021-12-31")),
		verdict("截止日次日零时 first second after", "2022-01-01 00:00:00",
			"expired | use_limit_passed | - | expired | - | 不可用", printed(validUntil("2021-12-31")), useUntil("2021-12-31")),
		verdict("截止日次日 the day after", "2022-01-01 12:00:00",
			"expired | use_limit_passed | - | expired | - | 不可用", printed(validUntil("2021-12-31")), useUntil("2021-12-31")),
	},
}

// onDays is a row of states against the days around a registration of 2021-10-01 to 2021-12-31.
func onDays(situation string, s State, want string) row {
	return row{[]string{situation}, func() string {
		r := newWorld().reg
		r.State = s
		validFrom("2021-10-01")(&r)
		validUntil("2021-12-31")(&r)
		cells := ""
		for _, now := range []string{
			"2021-09-30 23:59:59", "2021-10-01 00:00:00", "2021-10-02 00:00:00",
			"2021-12-30 23:59:59", "2021-12-31 23:59:59", "2022-01-01 00:00:00",
		} {
			cells += string(DecideRegistration(RegistrationFacts(&r), DateOf(china(now))).Status) + " | "
		}
		return cells[:len(cells)-len(" | ")]
	}, want}
}

var datesSection = section{
	title: "注册状态与有效期的先后 R11",
	note: "注册有效期 2021-10-01 – 2021-12-31。注销、撤销、吊销先于日期;已过有效期先于暂停;暂停先于未生效。" +
		" What was decided for good stands above the dates, the end above a suspension, a suspension above a beginning ahead.",
	head: []string{
		"登记状态 state", "2021-09-30 23:59:59", "2021-10-01 00:00:00", "2021-10-02", "2021-12-30",
		"2021-12-31 23:59:59", "2022-01-01 00:00:00",
	},
	words: []map[string]string{
		registrationWords, registrationWords, registrationWords, registrationWords, registrationWords, registrationWords,
	},
	rows: []row{
		onDays("有效 in force", StateInForce, "not_yet | in_force | in_force | in_force | in_force | expired"),
		onDays("暂停 suspended", StateSuspended, "suspended | suspended | suspended | suspended | suspended | expired"),
		onDays("注销 cancelled", StateCancelled, "cancelled | cancelled | cancelled | cancelled | cancelled | cancelled"),
		onDays("撤销 withdrawn", StateWithdrawn, "withdrawn | withdrawn | withdrawn | withdrawn | withdrawn | withdrawn"),
		onDays("吊销 revoked", StateRevoked, "revoked | revoked | revoked | revoked | revoked | revoked"),
	},
}

var blockSection = section{
	title: "处罚期 R11",
	note:  "处罚期 2021-10-01 – 2021-10-31,首尾两日均含。 A penalty runs from 2021-10-01 to 2021-10-31, both included.",
	head:  verdictHead, words: verdictWords,
	rows: []row{
		verdict("前一日 the day before", "2021-09-30 12:00:00",
			"valid | genuine | - | in_force | - | 可用", penalty("2021-10-01", "2021-10-31")),
		verdict("前一日最后一秒 last second before", "2021-09-30 23:59:59",
			"valid | genuine | - | in_force | - | 可用", penalty("2021-10-01", "2021-10-31")),
		verdict("首日零时 first second", "2021-10-01 00:00:00",
			"valid | genuine | - | in_force | penalty | 不可用", penalty("2021-10-01", "2021-10-31")),
		verdict("首日次日 the day after the first", "2021-10-02 12:00:00",
			"valid | genuine | - | in_force | penalty | 不可用", penalty("2021-10-01", "2021-10-31")),
		verdict("末日前一日 the day before the last", "2021-10-30 12:00:00",
			"valid | genuine | - | in_force | penalty | 不可用", penalty("2021-10-01", "2021-10-31")),
		verdict("末日最后一秒 last second", "2021-10-31 23:59:59",
			"valid | genuine | - | in_force | penalty | 不可用", penalty("2021-10-01", "2021-10-31")),
		verdict("次日零时 first second after", "2021-11-01 00:00:00",
			"valid | genuine | - | in_force | - | 可用", penalty("2021-10-01", "2021-10-31")),
		verdict("一日的处罚,当日 a penalty of one day, that day", "2021-10-01 23:59:59",
			"valid | genuine | - | in_force | penalty | 不可用", penalty("2021-10-01", "2021-10-01")),
		verdict("一日的处罚,次日 a penalty of one day, the next", "2021-10-02 00:00:00",
			"valid | genuine | - | in_force | - | 可用", penalty("2021-10-01", "2021-10-01")),
		verdict("未定期限 until lifted", "2022-01-28 23:59:59",
			"valid | genuine | - | in_force | penalty | 不可用", penalty("2021-10-01", "")),
		verdict("两项处罚重叠,只列一次 two penalties overlap, said once", "2021-10-15 12:00:00",
			"valid | genuine | - | in_force | penalty | 不可用", penalty("2021-10-01", "2021-10-31"), penalty("2021-10-15", "")),
		verdict("暂停期间受处罚 suspended and under a penalty", "2021-10-15 12:00:00",
			"valid | genuine | - | suspended | penalty | 不可用", state(StateSuspended), penalty("2021-10-01", "2021-10-31")),
		verdict("证书过期且受处罚 expired document, under a penalty", "2022-01-29 00:00:00",
			"expired | use_limit_passed | - | in_force | penalty | 不可用", penalty("2021-10-01", "")),
	},
}

// together is a row of the matrix: one document against every status of the registration. Each half
// must be what it is alone; the cell says whether both together can be used.
func together(document DocumentStatus, want string, made ...step) row {
	return row{[]string{documentWords[string(document)] + " " + string(document)}, func() string {
		cells := ""
		for _, r := range []struct {
			status RegistrationStatus
			steps  []step
		}{
			{RegistrationInForce, nil},
			{RegistrationNotYet, []step{printed(validFrom("2023-01-01"))}},
			{RegistrationExpired, []step{printed(validUntil("2021-08-31"))}},
			{RegistrationSuspended, []step{state(StateSuspended)}},
			{RegistrationCancelled, []step{state(StateCancelled)}},
			{RegistrationWithdrawn, []step{state(StateWithdrawn)}},
			{RegistrationRevoked, []step{state(StateRevoked)}},
			{RegistrationInForce, []step{penalty("2021-08-01", "")}},
		} {
			w := newWorld()
			for _, s := range append(r.steps, made...) {
				s(w)
			}
			v := w.decide("2021-10-01 12:00:00")
			cell := yes(v.Usable())
			if v.Document.Status != document || (v.Registration != nil && v.Registration.Status != r.status) {
				cell = sentence(v) // one half leaked into the other
			}
			cells += cell + " | "
		}
		return cells[:len(cells)-len(" | ")]
	}, want}
}

var matrixSection = section{
	title: "电子证书 × 注册:何时可用 Document × registration: when usable",
	note:  "查验时刻 2021-10-01 12:00。唯有一格可用。 One cell alone is usable.",
	head: []string{
		"电子证书 document", "有效 in_force", "未生效 not_yet", "已过有效期 expired", "暂停 suspended", "注销 cancelled",
		"撤销 withdrawn", "吊销 revoked", "处罚期内 penalty",
	},
	rows: []row{
		together(DocumentValid, "可用 | 不可用 | 不可用 | 不可用 | 不可用 | 不可用 | 不可用 | 不可用"),
		together(DocumentOutdated, "不可用 | 不可用 | 不可用 | 不可用 | 不可用 | 不可用 | 不可用 | 不可用", moved),
		together(DocumentExpired, "不可用 | 不可用 | 不可用 | 不可用 | 不可用 | 不可用 | 不可用 | 不可用", useUntil("2021-09-30")),
		together(DocumentWithdrawn, "不可用 | 不可用 | 不可用 | 不可用 | 不可用 | 不可用 | 不可用 | 不可用", withdrawn),
		together(DocumentUnknown, "不可用 | 不可用 | 不可用 | 不可用 | 不可用 | 不可用 | 不可用 | 不可用", noRecord),
		together(DocumentForged, "不可用 | 不可用 | 不可用 | 不可用 | 不可用 | 不可用 | 不可用 | 不可用",
			code(func(r *Reading) { r.Outcome = ReadForged })),
	},
}
