package models

import "slices"

// Category (注册类别) is the code of one kind of registration, for example CategoryArchitect1.
type Category string

// The categories that have a row in the policy table.
const (
	CategoryArchitect1   Category = "first_class_architect"
	CategoryArchitect2   Category = "second_class_architect"
	CategoryConstructor1 Category = "first_class_constructor"
	CategoryStructural1  Category = "first_class_structural_engineer"
)

// Field names one piece of registration information, in the API's words.
type Field string

// The fields that a certificate may print, that a paper may state and that a change may touch.
const (
	FieldName              Field = "name"
	FieldSex               Field = "sex"
	FieldBirthDate         Field = "birth_date"
	FieldCategory          Field = "category"
	FieldCertificateNumber Field = "certificate_number"
	FieldSealNumber        Field = "seal_number"
	FieldEmployer          Field = "employer"
	FieldEmployerCode      Field = "employer_code"
	FieldSpecialty         Field = "specialty"
	FieldValidFrom         Field = "valid_from"
	FieldValidUntil        Field = "valid_until"
	FieldIDNumber          Field = "id_number"
	FieldIDType            Field = "id_type"
	FieldPhoto             Field = "photo"
	FieldSignatureImage    Field = "signature_image"
)

// Policy is one category's row: everything in which categories differ. A new category is a new row.
type Policy struct {
	Category Category
	Title    Text
	Aliases  []string // other Chinese names under which files call it
	UseDays  int      // days of use after confirming, the last included (二(二): 180)
	MaxAge   int      // use also ends on the birthday of this age (R1b); 0 = no such cap
	Prints   []Field  // what its certificate prints, so what can make one outdated (R3)
	Paper    *PaperTransition
}

var architectPrints = []Field{
	FieldCategory, FieldName, FieldSex, FieldBirthDate, FieldCertificateNumber, FieldSealNumber,
	FieldEmployer, FieldValidFrom, FieldValidUntil, FieldPhoto, FieldSignatureImage,
}

var policies = []Policy{
	{
		Category: CategoryArchitect1, Title: Text{"一级注册建筑师", "First-class registered architect"},
		UseDays: 180, Prints: architectPrints, Paper: &architectPaper,
	},
	{
		Category: CategoryArchitect2, Title: Text{"二级注册建筑师", "Second-class registered architect"},
		UseDays: 180, Prints: architectPrints,
	},
	{ // 建办市〔2021〕40号
		Category: CategoryConstructor1, Title: Text{"一级注册建造师", "First-class registered constructor"},
		Aliases: []string{"一级建造师"}, UseDays: 180, MaxAge: 65,
		Prints: append(slices.Clone(architectPrints), FieldSpecialty),
	},
	{
		Category: CategoryStructural1, Title: Text{"一级注册结构工程师", "First-class registered structural engineer"},
		UseDays: 180, Prints: architectPrints,
	},
}

// Policies gives the rows of the policy table.
func Policies() []Policy {
	all := make([]Policy, len(policies))
	for i := range policies {
		all[i] = policies[i].clone()
	}
	return all
}

// Policy gives the category's row; false for a category without one.
func (c Category) Policy() (Policy, bool) {
	if p := c.policy(); p != nil {
		return p.clone(), true
	}
	return Policy{}, false
}

// policy is the row itself, for the rules; nil for a category without one.
func (c Category) policy() *Policy {
	for i := range policies {
		if policies[i].Category == c {
			return &policies[i]
		}
	}
	return nil
}

// clone keeps what callers do to a row from reaching the table.
func (p *Policy) clone() Policy {
	c := *p
	c.Aliases, c.Prints = slices.Clone(p.Aliases), slices.Clone(p.Prints)
	if p.Paper != nil {
		paper := *p.Paper
		c.Paper = &paper
	}
	return c
}

// Title is the category's name for people; a category without a row is called by its code.
func (c Category) Title() Text {
	if p := c.policy(); p != nil {
		return p.Title
	}
	return Text{string(c), string(c)}
}

// ParseCategory finds a category by its code or its Chinese name.
func ParseCategory(s string) (Category, error) {
	for i := range policies {
		p := &policies[i]
		if s == string(p.Category) || s == p.Title.ZH || slices.Contains(p.Aliases, s) {
			return p.Category, nil
		}
	}
	return "", ErrCategory
}

// ErrCategory answers a category that has no row in the policy table.
var ErrCategory = NewError(KindRule, "category_unknown", "注册类别未知", "Unknown registration category").On(string(FieldCategory))
