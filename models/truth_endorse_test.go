package models

// bornConstructor is a constructor who turns 65 on 2021-11-11.
func bornConstructor(w *world) {
	constructor(w)
	w.reg.Person.BirthDate = MustDate("1956-11-11")
}

var endorseSection = section{
	title: "二(二) 不得确认使用时限的情形 R11",
	note:  "注册不在有效状态,或在处罚期内,不得确认、下载。 Whatever is not in force, or under a penalty, is not endorsed.",
	head:  []string{"情形 situation", "确认日 day", "可否 outcome", "使用时限截止 use until"},
	words: []map[string]string{barredWords},
	rows: []row{
		endorse("有效 in force", "2021-10-01", "ok | 2022-03-30"),
		endorse("暂停 suspended", "2021-10-01", "endorse_barred | -", state(StateSuspended)),
		endorse("注销 cancelled", "2021-10-01", "endorse_barred | -", state(StateCancelled)),
		endorse("撤销 withdrawn", "2021-10-01", "endorse_barred | -", state(StateWithdrawn)),
		endorse("吊销 revoked", "2021-10-01", "endorse_barred | -", state(StateRevoked)),
		endorse("规则未载的状态 a state no rule knows", "2021-10-01", "endorse_barred | -", state("frozen")),
		endorse("规则未载的类别 a category without a rule", "2021-10-01", "category_unknown | -",
			register(func(r *Registration) { r.Category = "astronaut" })),
		endorse("注册起始前一日 the day before the registration begins", "2019-12-31", "endorse_barred | -"),
		endorse("注册起始日 its first day", "2020-01-01", "ok | 2020-06-29"),
		endorse("注册起始次日 its second day", "2020-01-02", "ok | 2020-06-30"),
		endorse("注册截止前一日 the day before its last", "2024-12-30", "ok | 2024-12-31"),
		endorse("注册截止日 its last day", "2024-12-31", "ok | 2024-12-31"),
		endorse("注册截止次日 the day after", "2025-01-01", "endorse_barred | -"),
		endorse("处罚前一日 the day before a penalty", "2021-09-30", "ok | 2022-03-29", penalty("2021-10-01", "2021-10-31")),
		endorse("处罚首日 its first day", "2021-10-01", "endorse_barred | -", penalty("2021-10-01", "2021-10-31")),
		endorse("处罚次日 its second day", "2021-10-02", "endorse_barred | -", penalty("2021-10-01", "2021-10-31")),
		endorse("处罚末日前一日 the day before its last", "2021-10-30", "endorse_barred | -", penalty("2021-10-01", "2021-10-31")),
		endorse("处罚末日 its last day", "2021-10-31", "endorse_barred | -", penalty("2021-10-01", "2021-10-31")),
		endorse("处罚届满次日 the day after", "2021-11-01", "ok | 2022-04-30", penalty("2021-10-01", "2021-10-31")),
		endorse("处罚未定期限 a penalty until lifted", "2023-10-01", "endorse_barred | -", penalty("2021-10-01", "")),
		endorse("建造师满 65 岁前一日 constructor, the day before 65", "2021-11-10", "ok | 2021-11-11", bornConstructor),
		endorse("建造师满 65 岁当日 constructor, the 65th birthday", "2021-11-11", "ok | 2021-11-11", bornConstructor),
		endorse("建造师满 65 岁次日 constructor, the day after", "2021-11-12", "endorse_barred | -", bornConstructor),
	},
}
