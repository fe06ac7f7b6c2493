package demo

import (
	"fmt"
	"math/rand/v2"

	"yanzheng/models"
)

// Maker makes registrations up. The same seed makes the same ones.
type Maker struct {
	random *rand.Rand
	today  models.Date
	serial int
	prefix string
}

// NewMaker makes a maker; prefix goes before every certificate number, so that two makers do not meet.
func NewMaker(seed uint64, prefix string, today models.Date) *Maker {
	return &Maker{random: rand.New(rand.NewPCG(seed, 1)), today: today, prefix: prefix} //nolint:gosec // not a secret
}

const (
	surnames   = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜"
	givenNames = "安邦晨岱恩帆歌涵嘉凯岚明宁鹏清然书涛薇欣妍泽哲之璟喆堃琳航宇"
)

// Registration makes up one person with a registration in force: begun some time in the last two years,
// ending some time in the next two.
func (m *Maker) Registration() models.Registration {
	m.serial++
	sex, odd := models.Male, 1
	if m.random.IntN(2) == 0 {
		sex, odd = models.Female, 0
	}
	// Together region, order number and the parity of the birth day are another for each of 10 million.
	birth := m.today.AddDays(-365*26 - 2*m.random.IntN(365*17) - m.serial/5_000_000%2)
	from := m.today.AddDays(-1 - m.random.IntN(720))
	return models.Registration{
		Person: models.Person{
			Name: m.name(), Sex: sex, IDType: models.IDResident,
			IDNumber: idNumber(990000+m.serial%10_000, birth, m.serial/10_000%500*2+odd), BirthDate: birth,
		},
		Category:          models.CategoryArchitect1,
		CertificateNumber: fmt.Sprintf("%s%07d", m.prefix, m.serial),
		SealNumber:        fmt.Sprintf("%06d-%03d", 990000+m.serial%9999, m.random.IntN(1000)),
		Employer:          m.employer(), EmployerCode: EmployerCode(m.random.IntN(100_000_000)),
		ValidFrom: from, ValidUntil: m.today.AddDays(200 + m.random.IntN(530)),
		State: models.StateInForce,
	}
}

func (m *Maker) name() string {
	family, given := []rune(surnames), []rune(givenNames)
	name := []rune{family[m.random.IntN(len(family))]}
	for range 1 + m.random.IntN(2) {
		name = append(name, given[m.random.IntN(len(given))])
	}
	return string(name)
}

func (m *Maker) employer() string {
	cities := []string{"示例一", "示例二", "示例三", "演示东", "演示西", "演示南", "演示北", "样板"}
	return fmt.Sprintf("%s建筑设计研究院第%d所", cities[m.random.IntN(len(cities))], 1+m.random.IntN(99))
}

// idNumber makes a resident ID number up (GB 11643): a region that does not exist, the birth date, an
// order number whose last digit tells the sex, and the check character.
func idNumber(region int, birth models.Date, order int) string {
	body := fmt.Sprintf("%06d%s%03d", region, birth.Start().Format("20060102"), order)
	weights := [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		sum += w * int(body[i]-'0')
	}
	return body + "10X98765432"[sum%11:sum%11+1]
}

// EmployerCode makes a unified social credit code up (GB 32100) from the last seven digits of a number.
func EmployerCode(n int) string {
	const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	body := fmt.Sprintf("91999999MA%07d", n%10_000_000)
	sum, weight := 0, 1
	for i := range len(body) {
		v := 0
		for alphabet[v] != body[i] {
			v++
		}
		sum, weight = sum+v*weight, weight*3%31
	}
	check := (31 - sum%31) % 31
	return body + alphabet[check:check+1]
}
