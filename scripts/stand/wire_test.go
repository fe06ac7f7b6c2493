package stand

import (
	"bytes"
	"database/sql"
	"os"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// Every statement is counted once each time it is asked for, prepared or not, on every connection; big ones pass unhurt.
func TestWire(t *testing.T) {
	base, err := mysql.ParseDSN(os.Getenv("YANZHENG_TEST_MYSQL"))
	if err != nil || base.Addr == "" {
		if !testing.Short() {
			t.Fatal("no servers: scripts/services run, or -short")
		}
		t.Skip("no servers (-short)")
	}
	w, err := newWire(t.Context(), base.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	base.Addr = w.listener.Addr().String()
	db, err := sql.Open("mysql", base.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(2)
	if err := db.PingContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := w.Asked()
	length := func(query string, values ...any) (n int) {
		t.Helper()
		if err := db.QueryRowContext(t.Context(), query, values...).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	const prepared, plain = "SELECT LENGTH(?)", "SELECT 7"
	for _, n := range []int{0, 1, 5000, headSize, 300_000} {
		if got := length(prepared, strings.Repeat("x", n)); got != n {
			t.Errorf("%d bytes arrived as %d", n, got)
		}
	}
	one, err := db.PrepareContext(t.Context(), "SELECT 2 * ?")
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	for i := range 3 {
		var n int
		if err := one.QueryRowContext(t.Context(), i).Scan(&n); err != nil || n != 2*i {
			t.Fatal(n, err)
		}
	}
	length(plain)
	if _, err := db.ExecContext(t.Context(), "no statement"); err == nil {
		t.Error("nonsense passes")
	}
	asked := w.Asked().Since(before)
	for text, want := range map[string]int64{"SELECT LENGTH(?)": 5, "SELECT ? * ?": 3, "SELECT ?": 1, "no statement": 1, "(prepare)": 6, "(unknown statement)": 0, "": 0} {
		if asked[text] != want {
			t.Errorf("%q was asked %d times, want %d: %v", text, asked[text], want, asked)
		}
	}
}

// A packet is passed on before the next one is here: the other side waits for it.
func TestPackets(t *testing.T) {
	var out bytes.Buffer
	sent := append([]byte{3, 0, 0, 0, comQuery, 'a', 'b', 0, 0, 0, 1}, 1, 0, 0, 2, 'x')
	var heads []string
	packets(bytes.NewReader(append(sent, 9, 0)), &out, func(sequence byte, head []byte) {
		heads = append(heads, string(rune('0'+sequence))+string(head))
	})
	if !bytes.Equal(out.Bytes()[:11], sent[:11]) || strings.Join(heads, ",") != "0\x03ab,1,2x" {
		t.Errorf("%q of %q, heads %q", out.Bytes(), sent, heads)
	}
}

func TestShape(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT * FROM `events` WHERE propagated_at = 0 ORDER BY id LIMIT 200":          "SELECT * FROM `events` WHERE propagated_at = ? ORDER BY id LIMIT ?",
		"SELECT `c1_2` FROM t WHERE id = 'it''s' AND b = 'a\\'b 1' AND c=-3.5":          "SELECT `c1_2` FROM t WHERE id = ? AND b = ? AND c=-?",
		"INSERT INTO `s` (`a`,`b`) VALUES ('x',1),(_binary'\x00\\'',NULL) ON DUPLICATE": "INSERT INTO `s` (`a`,`b`) VALUES (?) ON DUPLICATE",
		"INSERT INTO `s` (`a`) VALUES ('cut in two":                                     "INSERT INTO `s` (`a`) VALUES (?",
		"COMMIT": "COMMIT",
	} {
		if got := shape(text); got != want {
			t.Errorf("%s\nis   %s\nwant %s", text, got, want)
		}
	}
}
