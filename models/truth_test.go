package models

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the golden files, if every row agrees with the code")

const goldenFile = "testdata/verdicts.golden.md"

// TestTruth holds the truth table: what each rule of the notice means, case by case. The outcome of
// every row is written by hand in the Go tables and held against the code; only then are the rows
// written down for people who read no Go. So a changed rule has to change a row by hand, and
// -update cannot record a mistake.
func TestTruth(t *testing.T) {
	var book strings.Builder
	book.WriteString(preface)
	for _, s := range []section{
		scanSection, paperSection, windowSection, expirySection, changeSection, comparisonSection,
		signatureSection, precedenceSection, registrationSection, datesSection, blockSection,
		endorseSection, matrixSection, ageSection, constructorSection,
	} {
		t.Run(s.title, func(t *testing.T) { s.write(t, &book) })
	}
	if t.Failed() {
		t.Fatal("rows disagree with the code; the golden file was not looked at")
	}
	if *update {
		if err := os.WriteFile(goldenFile, []byte(book.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	if book.String() != string(golden) {
		t.Errorf("%s differs from the table in the code (%s); look at what changed, then run with -update",
			goldenFile, firstDifference(string(golden), book.String()))
	}
}

const preface = `# 查验结论真值表 Truth table of the verdict

依据:注建〔2021〕2号。标题中的“二(二)”等为通知条款,R 为本项目规则编号。日期一律按北京时间(UTC+8)的日历日计算,起止日均含当日。
“可用”的条件:电子证书有效,且注册有效、无处罚。每一行的结果均由人工写明,再与程序核对。

Source: 注建〔2021〕2号. In a heading, 二(二) and the like are its clauses and R the project's rules. All days are
calendar days in China (UTC+8), first and last day included. 可用 (usable) means: the document is valid, and the
registration in force with nothing against it. Each row's outcome was written by hand and then held against the program.

除另有说明外 unless a row says otherwise: 一级注册建筑师 first-class architect; 注册有效期 registered
2020-01-01 – 2024-12-31; 电子证书使用时限 use window 2021-08-01 – 2022-01-28; 表中“-”表示无 none.
`

// section is one table of the book: a rule, its columns and its rows.
type section struct {
	title string
	note  string
	head  []string
	words []map[string]string // per column: the Chinese word for each code; nil for plain text
	rows  []row
}

// row is one case. got computes the outcome from the code, want is what the rule demands; both as
// cells joined by " | ", so that a row reads the same here and in the golden file.
type row struct {
	cells []string // the situation, in words
	got   func() string
	want  string
}

func (s section) write(t *testing.T, book *strings.Builder) {
	book.WriteString("\n## " + s.title + "\n\n")
	if s.note != "" {
		book.WriteString(s.note + "\n\n")
	}
	book.WriteString("| " + strings.Join(s.head, " | ") + " |\n|" + strings.Repeat("---|", len(s.head)) + "\n")
	for _, r := range s.rows {
		if got := r.got(); got != r.want {
			t.Errorf("%s\n got: %s\nwant: %s", strings.Join(r.cells, ", "), got, r.want)
		}
		outcome := strings.Split(r.want, " | ")
		cells := append([]string{}, r.cells...)
		for i, cell := range outcome {
			if i < len(s.words) && s.words[i] != nil {
				cell = gloss(cell, s.words[i])
			}
			cells = append(cells, cell)
		}
		if len(cells) != len(s.head) {
			t.Errorf("%s: %d cells under %d headings", r.cells, len(cells), len(s.head))
		}
		book.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
}

// gloss puts the Chinese word before each code of a cell.
func gloss(cell string, words map[string]string) string {
	codes := strings.Split(cell, ", ")
	for i, code := range codes {
		if zh, ok := words[code]; ok {
			codes[i] = zh + " " + code
		}
	}
	return strings.Join(codes, "; ")
}

// china reads an instant as clocks in China show it.
func china(s string) time.Time {
	t, err := time.ParseInLocation(time.DateTime, s, time.FixedZone("", 8*60*60))
	if err != nil {
		panic(err)
	}
	return t
}

// clocks writes an instant as China and as UTC see it.
func clocks(s string) string {
	return s + " (" + china(s).UTC().Format("2006-01-02T15:04:05Z") + ")"
}

// list joins codes for a cell; nothing is a dash, so that an empty cell is never a slip.
func list[T ~string](codes ...T) string {
	var out []string
	for _, c := range codes {
		if c != "" {
			out = append(out, string(c))
		}
	}
	if len(out) == 0 {
		return "-"
	}
	return strings.Join(out, ", ")
}

func yes(usable bool) string {
	if usable {
		return "可用"
	}
	return "不可用"
}

func firstDifference(old, now string) string {
	was, is := strings.Split(old, "\n"), strings.Split(now, "\n")
	for i := range is {
		if i >= len(was) {
			return "added: " + is[i]
		}
		if was[i] != is[i] {
			return "was: " + was[i] + " is: " + is[i]
		}
	}
	return "lines at the end are gone"
}

// The Chinese words of the codes, written here apart from the code's own, for the reader of the table.
var (
	documentWords = map[string]string{
		"forged": "伪造", "unknown": "无法识别", "withdrawn": "已作废", "expired": "已过使用时限",
		"outdated": "信息已变更", "valid": "有效",
	}
	reasonWords = map[string]string{
		"bad_signature": "签名不符", "not_ours": "非本系统二维码", "unreadable": "二维码残缺",
		"unknown_key": "格式或密钥编号未知", "no_record": "无签发记录", "key_revoked": "签发密钥已停用",
		"withdrawn_by_holder": "持证人收回", "use_limit_passed": "超出使用时限",
		"information_changed": "注册信息变更", "genuine": "真实",
	}
	fieldWords = map[string]string{
		"name": "姓名", "sex": "性别", "birth_date": "出生日期", "category": "注册类别",
		"certificate_number": "证书编号", "seal_number": "注册号", "employer": "聘用单位",
		"specialty": "注册专业", "valid_from": "有效期起始日", "valid_until": "有效期截止日",
	}
	registrationWords = map[string]string{
		"in_force": "有效", "not_yet": "未生效", "expired": "已过有效期", "suspended": "暂停",
		"cancelled": "注销", "withdrawn": "撤销", "revoked": "吊销",
	}
	blockWords = map[string]string{"penalty": "处罚期内"}
	limitWords = map[string]string{"use_days": "180 天", "registration_end": "注册有效期截止", "age": "年满 65 岁"}
	paperWords = map[string]string{
		"only": "仅纸质有效", "equal": "纸质与电子同效", "void": "纸质失效", "not_issued": "从未发放纸质",
		"not_confirmed": "规则未经确认",
	}
	barredWords = map[string]string{"endorse_barred": "不得确认", "category_unknown": "类别未知", "ok": "可以确认"}
	sameWords   = map[string]string{"same": "一致", "differs": "不一致", "paper_field_unknown": "不予比对"}
)
