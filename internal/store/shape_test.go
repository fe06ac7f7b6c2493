package store_test

import (
	"fmt"
	"slices"
	"strings"

	"yanzheng/internal/testkit"
)

// shape is what a database says of its own tables. Keys are written "table(column,column)".
type shape struct {
	tables                   map[string]map[string]column
	unique, indexes, foreign []string
}

// bookkeeping are the tables of the migrations themselves.
const bookkeeping = "'goose_db_version', 'goose_lock', 'sqlite_sequence'"

// each calls f for every row of a query, with its values as texts; NULL is the empty one.
func (p *place) each(query string, f func(v []string)) {
	p.t.Helper()
	rows, err := p.raw.QueryContext(p.t.Context(), query)
	testkit.Must(p.t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	testkit.Must(p.t, err)
	for rows.Next() {
		values := make([]*string, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		testkit.Must(p.t, rows.Scan(into...))
		texts := make([]string, len(columns))
		for i, v := range values {
			if v != nil {
				texts[i] = *v
			}
		}
		f(texts)
	}
	testkit.Must(p.t, rows.Err())
}

func newShape() shape { return shape{tables: map[string]map[string]column{}} }

func (s *shape) add(table, name string, c column) {
	if s.tables[table] == nil {
		s.tables[table] = map[string]column{}
	}
	s.tables[table][name] = c
}

func (s *shape) sorted() shape {
	slices.Sort(s.unique)
	slices.Sort(s.indexes)
	slices.Sort(s.foreign)
	return *s
}

func (p *place) mysqlShape() shape {
	s := newShape()
	p.each(`SELECT table_name, column_name, data_type, column_type, is_nullable, character_maximum_length, collation_name
		FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name NOT IN (`+bookkeeping+`)`, func(v []string) {
		c := column{kind: v[2], null: v[4] == "YES", collation: v[6]}
		if strings.HasSuffix(v[3], "unsigned") {
			c.kind += " unsigned"
		}
		if v[5] != "" {
			if _, err := fmt.Sscan(v[5], &c.length); err != nil {
				p.t.Error(err)
			}
		}
		s.add(v[0], v[1], c)
	})
	p.each(`SELECT table_name, non_unique, GROUP_CONCAT(column_name ORDER BY seq_in_index)
		FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name NOT IN (`+bookkeeping+`)
		GROUP BY table_name, index_name, non_unique`, func(v []string) {
		key := v[0] + "(" + v[2] + ")"
		if v[1] == "0" {
			s.unique = append(s.unique, key)
		} else {
			s.indexes = append(s.indexes, key)
		}
	})
	p.each(`SELECT table_name, column_name, referenced_table_name, referenced_column_name
		FROM information_schema.key_column_usage WHERE table_schema = DATABASE() AND referenced_table_name IS NOT NULL`, func(v []string) {
		s.foreign = append(s.foreign, fmt.Sprintf("%s(%s) %s(%s)", v[0], v[1], v[2], v[3]))
	})
	return s.sorted()
}

func (p *place) sqliteShape() shape {
	s := newShape()
	primary := map[string][]string{}
	p.each(`SELECT m.name, c.name, c.type, c."notnull", c.pk FROM sqlite_schema m, pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT IN (`+bookkeeping+`) ORDER BY m.name, c.pk`, func(v []string) {
		s.add(v[0], v[1], column{kind: v[2], null: v[3] == "0"})
		if v[4] != "0" {
			primary[v[0]] = append(primary[v[0]], v[1])
		}
	})
	for table, columns := range primary {
		s.unique = append(s.unique, table+"("+strings.Join(columns, ",")+")")
	}
	p.each(`SELECT m.name, i."unique", i.origin, (SELECT GROUP_CONCAT(c.name) FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno) c)
		FROM sqlite_schema m, pragma_index_list(m.name) i WHERE m.type = 'table' AND m.name NOT IN (`+bookkeeping+`)`, func(v []string) {
		key := v[0] + "(" + v[3] + ")"
		switch {
		case v[2] == "pk": // noted above, also where the key is the row's own number and has no index
		case v[1] == "1":
			s.unique = append(s.unique, key)
		default:
			s.indexes = append(s.indexes, key)
		}
	})
	p.each(`SELECT m.name, f."from", f."table", f."to" FROM sqlite_schema m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'`, func(v []string) {
		s.foreign = append(s.foreign, fmt.Sprintf("%s(%s) %s(%s)", v[0], v[1], v[2], v[3]))
	})
	// Without STRICT, SQLite takes any text for a number.
	p.each(`SELECT m.name, l.strict FROM sqlite_schema m, pragma_table_list(m.name) l WHERE m.type = 'table' AND m.name NOT IN (`+bookkeeping+`)`, func(v []string) {
		if v[1] != "1" {
			p.t.Errorf("%s is not STRICT", v[0])
		}
	})
	return s.sorted()
}
