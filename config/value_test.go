package config

import (
	"encoding/base64"
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// longHost has 253 characters, as many as a host name may have.
var longHost = strings.Repeat(strings.Repeat("a", 49)+".", 5) + "bcd"

// TestValues gives one setting of a complete real mode and wants it taken or refused.
func TestValues(t *testing.T) {
	w := localWorld(t)
	for path, texts := range map[string]struct{ good, bad []string }{
		"listen": {
			[]string{"127.0.0.1:0", "[::1]:0", "localhost:8080", ":8080", "0.0.0.0:1", "a-b.example:65535", longHost + ":80", "[::ffff:127.0.0.1]:80"},
			[]string{"8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:65536", "127.0.0.1:-1", ":0", "0.0.0.0:0", "::1:80",
				"a_b:80", "-a:80", "a..b:80", "127.1:80", "a.0x7f:80", "[::1%lo]:80", "/run/x.sock", "a b:80", strings.Repeat("a", 64) + ":80", longHost + "c:80"},
		},
		"admin_listen": {[]string{"127.0.0.1:9090", ":9090"}, []string{"9090", "0.0.0.0:0"}},
		"public_url": {
			[]string{"https://v.example.cn", "HTTPS://V.example.CN", "https://v.example.cn:8443", "https://[2001:db8::1]", "https://10.0.0.1",
				"http://localhost:8080", "http://127.0.0.9", "http://[::1]:80", "https://xn--fiqs8s", "https://localhost"},
			[]string{"v.example.cn", "https://", "https:v.example.cn", "http://v.example.cn", "ftp://127.0.0.1", "https://v.example.cn/", "https://v.example.cn/x",
				"https://v.example.cn?", "https://v.example.cn?x=1", "https://v.example.cn#", "https://me@v.example.cn", "https://:x@v.example.cn", "https://v.example.cn:",
				"https://v.example.cn:0", "https://v.example.cn:65536", "https://v.example.cn:080", "https://例.cn", "https://v_.cn", "https://%76.cn", "https://[fe80::1%25eth0]",
				"https://::1", "//v.example.cn", " https://v.example.cn"},
		},
		"trusted_proxies": {
			[]string{"127.0.0.1", "10.0.0.0/8,192.168.0.0/16", "2001:db8::/32", " 10.0.0.1 , ::1 ", "10.1.2.3/8", "::ffff:10.0.0.1"},
			[]string{"everyone", "0.0.0.0/0", "::/0", "10.0.0.0/33", "10.0.0", "fe80::1%eth0", "::ffff:10.0.0.0/104", "10.0.0.1;10.0.0.2"},
		},
		"demo":             {[]string{"false"}, []string{"yes", "1", "TRUE"}}, // true: see the modes
		"data_dir":         {[]string{"/srv/数据", "x y"}, []string{"a\nb", "a\x00b", "a\xffb", strings.Repeat("a", 4097)}},
		"shutdown_timeout": {[]string{"1s", "10m", "90s"}, []string{"20", "0s", "999ms", "601s", "-5s", "1d", "1 s"}},
		"database.driver":  {[]string{"mysql"}, []string{"postgres", "MySQL"}},
		"database.address": {
			[]string{"127.0.0.1:3306", "db:3306", "[::1]:3306", "/run/mysqld/mysqld.sock"},
			[]string{"db", "db:0", ":3306", "db:x", "root@db:3306", "tcp(db:3306)", "/" + strings.Repeat("a", 100), "/a\x01"},
		},
		"database.user":           {[]string{"u", strings.Repeat("u", 32)}, []string{strings.Repeat("u", 33), "a\tb"}},
		"database.name":           {[]string{"yan_zheng-1"}, []string{"a/b", "a?b", strings.Repeat("n", 65)}},
		"database.tls":            {[]string{"true", "false"}, []string{"skip-verify"}},
		"database.max_open":       {[]string{"1", "1000"}, []string{"0", "1001", "-1", "1.5", "many"}},
		"database.max_idle":       {[]string{"0", "32"}, []string{"-1", "1001"}},
		"database.max_lifetime":   {[]string{"10s", "24h"}, []string{"9s", "25h"}},
		"database.dial_timeout":   {[]string{"50ms"}, []string{"31s", "1us"}},
		"database.answer_timeout": {[]string{"20ms", "30s"}, []string{"19ms", "31s", "0"}},
		"database.read_timeout":   {[]string{"10m"}, []string{"0"}},
		"redis.addresses": {
			[]string{"127.0.0.1:1", "a:1,b:2, c:3", ",a:1,,", "/run/redis.sock"},
			[]string{"redis://a:1", "a", "a:1,b", "/run/a.sock,b:1", "a:1 b:1"},
		},
		"redis.master_name":   {[]string{"my.master-1_x"}, []string{"a b", strings.Repeat("m", 129)}},
		"redis.username":      {[]string{"default"}, []string{"a\nb"}},
		"redis.db":            {[]string{"0", "15", "1023"}, []string{"-1", "1024", "x"}},
		"redis.timeout":       {[]string{"5ms", "5s"}, []string{"4ms", "6s", "50"}},
		"wechat.app_id":       {[]string{"wxABCDEF0123456789"}, []string{"wx123", "xx0123456789abcdef", "wx0123456789abcde_"}},
		"wechat.check_files":  {[]string{"a=b", "A-_1=x,b=y=z", strings.Repeat("n", 64) + "=1"}, []string{"a", "a.txt=x", "=x", "a=", "a=b,a=c", "../a=x", "a=b c", strings.Repeat("n", 65) + "=1", "a=" + strings.Repeat("x", 1001)}},
		"wechat.sandbox_url":  {[]string{"http://127.0.0.1:1", "http://localhost"}, []string{"https://127.0.0.1", "http://10.0.0.1", "http://127.0.0.1/x", "127.0.0.1:1"}},
		"session.ttl":         {[]string{"1s", "2160h"}, []string{"500ms", "2161h", "7d"}},
		"scan.retention_days": {[]string{"1", "3650"}, []string{"0", "3651", "forever", "183d"}},
		"limits.user": {
			[]string{"1/1s", "120/1m", "120/1m burst 20", "1/24h", "100000/10s", "100000/1s burst 1", "7/1m30s", "5/1.5s", "1/1s burst 86400", "100000/24h burst 100000", "007/60s"},
			[]string{"120", "120/", "/1m", "0/1m", "-1/1m", "100001/1m", "120/1", "120/999ms", "120/25h", "120/1d", "120/-1m", "1.5/1m", "120 / 1m", "120/1m burst", "120/1m burst 0",
				"120/1m burst 100001", "120/1m  burst 2", "120/1m,20", "120/1m burst 20 ", "1/1s burst 86401", "1/24h burst 2", "120/m", "none", "1200000/1m", "120/1m\n"},
		},
		"limits.address":           {[]string{"5000/1m"}, []string{"many"}},
		"limits.misses":            {[]string{"5/1m burst 50"}, []string{"5"}},
		"limits.lookups":           {[]string{"5/1h"}, []string{"5/h"}},
		"limits.login":             {[]string{"5/1h"}, []string{"5/1w"}},
		"limits.persons_user":      {[]string{"1", "1000000000"}, []string{"0", "1000000001", "300/24h"}},
		"limits.persons_inspector": {[]string{"1", "1000000000"}, []string{"0", "1000000001"}},
		"limits.persons_address":   {[]string{"1", "1000000000"}, []string{"0", "1000000001"}},
		"log.level":                {[]string{"debug", "info", "warn", "error"}, []string{"INFO", "trace", "4"}},
		"log.format":               {[]string{"text", "json"}, []string{"logfmt"}},
	} {
		for _, text := range texts.good {
			mustLoad(t, "", w.with(path, text))
		}
		for _, text := range texts.bad {
			e := mustFail(t, "", w.with(path, text))
			wantFaults(t, e, path)
			if t.Failed() {
				t.Fatalf("%s: %q", path, text)
			}
		}
	}
}

func TestValuesAreMadeCanonical(t *testing.T) {
	w := localWorld(t)
	for text, want := range map[string]string{
		"HTTPS://V.Example.CN:443": "https://v.example.cn", "http://LOCALHOST:80": "http://localhost", "https://a.cn:80": "https://a.cn:80",
		"https://[2001:DB8::443]": "https://[2001:db8::443]",
	} {
		c := mustLoad(t, "", w.with("public_url", text))
		if c.PublicURL != want || c.Prefix() != want+"/v/" {
			t.Errorf("%s became %s, prefix %s", text, c.PublicURL, c.Prefix())
		}
	}
	c := mustLoad(t, "", w.with("trusted_proxies", "10.1.2.3/8,::ffff:192.0.2.1,10.0.0.0/8"))
	if want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32")}; !slices.Equal(c.TrustedProxies, want) {
		t.Errorf("%v, want %v", c.TrustedProxies, want)
	}
	c = mustLoad(t, "", w.with("wechat.check_files", "a=1, b=x=y"))
	if len(c.WeChat.CheckFiles) != 2 || c.WeChat.CheckFiles["b"] != "x=y" {
		t.Errorf("%v", c.WeChat.CheckFiles)
	}
}

func TestLimitForms(t *testing.T) {
	w := localWorld(t)
	for text, want := range map[string]Limit{
		"120/1m": {120, time.Minute, 120}, "120/1m burst 20": {120, time.Minute, 20}, "5/1.5s": {5, 1500 * time.Millisecond, 5},
		"7/1h30m burst 1": {7, 90 * time.Minute, 1},
	} {
		if got := mustLoad(t, "", w.with("limits.misses", text)).Limits.Misses; got != want {
			t.Errorf("%s became %+v", text, got)
		}
		if got := mustLoad(t, yamlFile(t, "limits:\n  misses: "+text+"\n"), nil).Limits.Misses; got != want {
			t.Errorf("%s in a file became %+v", text, got)
		}
	}
	// All faults at once, like those of other settings.
	e := mustFail(t, yamlFile(t, "limits: {user: 1, address: 1/1, persons_user: many, other: 3}\n"), []string{"YANZHENG_LIMITS_LOGIN=hunter2"})
	wantFaults(t, e, "limits.other", "limits.address", "limits.login", "limits.persons_user", "limits.user")
}

func TestKeyForms(t *testing.T) {
	raw := []byte("\xfb\xff\xfe 32 bytes, 29 of them seen...")
	if len(raw) != 32 {
		t.Fatal(len(raw))
	}
	for name, good := range map[string]string{
		"hex": hex.EncodeToString(raw), "upper hex": strings.ToUpper(hex.EncodeToString(raw)),
		"base64": base64.StdEncoding.EncodeToString(raw), "unpadded": base64.RawStdEncoding.EncodeToString(raw),
		"url": base64.URLEncoding.EncodeToString(raw), "url unpadded": base64.RawURLEncoding.EncodeToString(raw),
	} {
		if key, ok := parseKey(good); !ok || string(key[:]) != string(raw) {
			t.Errorf("%s: %q refused", name, good)
		}
	}
	for name, bad := range map[string]string{
		"empty": "", "raw": string(raw), "short hex": hex.EncodeToString(raw[:31]), "long hex": hex.EncodeToString(raw) + "00",
		"16 bytes": hex.EncodeToString(raw[:16]), "short base64": base64.StdEncoding.EncodeToString(raw[:31]), "text": "hunter2",
		"zeros": strings.Repeat("0", 64), "one byte": strings.Repeat("ab", 32), "two lines": hex.EncodeToString(raw[:16]) + "\n" + hex.EncodeToString(raw[16:]),
		"loose bits": base64.RawStdEncoding.EncodeToString(raw)[:42] + "/",
	} {
		if _, ok := parseKey(bad); ok {
			t.Errorf("%s: %q taken", name, bad)
		}
	}
}

// TestTogether holds the rules over two settings.
func TestTogether(t *testing.T) {
	w := realWorld(t)
	pem := w.write(t, "ca.pem", authority, 0o644)
	for name, test := range map[string]struct {
		changes []string
		wrong   string // empty: taken
	}{
		"same port":               {[]string{"admin_listen", "127.0.0.1:8080"}, "admin_listen"},
		"same port, everywhere":   {[]string{"admin_listen", ":8080"}, "admin_listen"},
		"same port, localhost":    {[]string{"admin_listen", "localhost:8080"}, "admin_listen"},
		"same port, zero":         {[]string{"admin_listen", "0.0.0.0:8080"}, "admin_listen"},
		"same port, zeros":        {[]string{"admin_listen", "[::]:8080"}, "admin_listen"},
		"same port, within":       {[]string{"listen", ":80", "admin_listen", "10.0.0.1:80"}, "admin_listen"},
		"same port and host":      {[]string{"listen", "a.example:80", "admin_listen", "A.example:80"}, "admin_listen"},
		"same port, elsewhere":    {[]string{"admin_listen", "10.0.0.1:8080"}, ""},
		"same port, near and far": {[]string{"listen", "10.0.0.1:8080", "admin_listen", "127.0.0.1:8080"}, ""},
		"both chosen":             {[]string{"listen", "127.0.0.1:0", "admin_listen", "127.0.0.1:0"}, ""},
		"idle over open":          {[]string{"database.max_open", "10", "database.max_idle", "11"}, "database.max_idle"},
		"idle follows open":       {[]string{"database.max_open", "10"}, ""},
		"cluster":                 {[]string{"redis.addresses", "a:1,b:1"}, ""},
		"cluster of one":          {[]string{"redis.cluster", "true"}, ""},
		"sentinels":               {[]string{"redis.addresses", "a:1,b:1", "redis.master_name", "m", "redis.db", "3"}, ""},
		"sentinel and cluster":    {[]string{"redis.cluster", "true", "redis.master_name", "m"}, "redis.master_name"},
		"several, no cluster":     {[]string{"redis.addresses", "a:1,b:1", "redis.cluster", "false"}, "redis.cluster"},
		"cluster's database":      {[]string{"redis.cluster", "true", "redis.db", "1"}, "redis.db"},
		"socket and sentinel":     {[]string{"redis.addresses", "/r.sock", "redis.master_name", "m"}, "redis.addresses"},
		"socket and cluster":      {[]string{"redis.addresses", "/r.sock", "redis.cluster", "true"}, "redis.addresses"},
		"socket and another":      {[]string{"redis.addresses", "/r.sock,a:1"}, "redis.addresses"},
		"authority":               {[]string{"database.ca_file", pem, "redis.ca_file", pem}, ""},
		"authority without tls":   {[]string{"redis.ca_file", pem, "redis.tls", "false"}, "redis.ca_file"},
		"authority, tls unclear":  {[]string{"database.ca_file", pem, "database.tls", "maybe"}, "database.tls"},
		"no authority":            {[]string{"database.ca_file", w.path("image_key")}, "database.ca_file"},
		"no key":                  {[]string{"keys.image_file", w.path("redis_password")}, "keys.image_file"},
		"no AppSecret":            {[]string{"wechat.secret_file", w.write(t, "spaces", "a b", 0o600)}, "wechat.secret_file"},
		"same key":                {[]string{"keys.id_index_file", w.path("id_number_key")}, "keys.id_index_file"},
		"same key, another":       {[]string{"keys.image_file", w.path("id_number_key")}, "keys.image_file"},
		"same key, other letters": {[]string{"keys.image_file", w.write(t, "other", strings.ToUpper(secretTexts["id_index_key"]), 0o600)}, "keys.image_file"},
	} {
		t.Run(name, func(t *testing.T) {
			if test.wrong == "" {
				mustLoad(t, "", w.with(test.changes...))
				return
			}
			wantFaults(t, mustFail(t, "", w.with(test.changes...)), test.wrong)
		})
	}
	if c := mustLoad(t, "", w.with("database.max_open", "5")); c.Database.MaxIdle != 5 {
		t.Errorf("%+v", c.Database)
	}
	if c := mustLoad(t, "", w.with("redis.addresses", "a:1,b:1", "redis.tls", "false", "database.tls", "false")); !c.Redis.Cluster || c.Redis.TLS || c.Database.TLS {
		t.Errorf("%+v", c.Redis)
	}
	local := localWorld(t)
	if c := mustLoad(t, "", local.with("redis.ca_file", pem)); !c.Redis.TLS || c.Redis.CA == nil || c.Database.TLS {
		t.Error("an authority on loopback does not turn TLS on")
	}
}

func TestWarnings(t *testing.T) {
	w, local := realWorld(t), localWorld(t)
	for name, test := range map[string]struct {
		environ []string
		want    []string
	}{
		"embedded":     {nil, nil},
		"short scan":   {environ(map[string]string{"scan.retention_days": "182"}), []string{"scan.retention_days"}},
		"real":         {w.with("trusted_proxies", "10.0.0.1"), nil},
		"no proxy":     {w.with(), []string{"trusted_proxies"}},
		"28":           {w.with("trusted_proxies", "10.0.0.1", "public_url", "https://verify-12.example"), nil},
		"29":           {w.with("trusted_proxies", "10.0.0.1", "public_url", "https://verify-123.example"), []string{"public_url"}},
		"no tls":       {w.with("trusted_proxies", "10.0.0.1", "database.tls", "false", "redis.tls", "false"), []string{"database.tls", "redis.tls"}},
		"no tls, near": {local.with("database.tls", "false", "redis.tls", "false"), nil},
		"admin":        {w.with("trusted_proxies", "10.0.0.1", "admin_listen", ":9090"), []string{"admin_listen"}},
		"admin, near":  {w.with("trusted_proxies", "10.0.0.1", "admin_listen", "127.0.0.1:9090"), nil},
		"hurry":        {local.with("redis.timeout", "63ms"), []string{"redis.timeout"}},
		"no hurry":     {local.with("redis.timeout", "62ms"), nil},
		"trial":        {local.with("wechat.sandbox_url", "http://127.0.0.1:1"), []string{"wechat.sandbox_url"}},
	} {
		var got []string
		for _, text := range mustLoad(t, "", test.environ).Warnings() {
			path, _, _ := strings.Cut(text, ":")
			got = append(got, path)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestWithListener(t *testing.T) {
	c := mustLoad(t, "", []string{"YANZHENG_LISTEN=127.0.0.1:0"})
	if got := c.WithListener("127.0.0.1:4711"); got.Listen != "127.0.0.1:4711" || got.PublicURL != "http://127.0.0.1:4711" || c.Listen != "127.0.0.1:0" {
		t.Errorf("%s %s", got.Listen, got.PublicURL)
	}
	c = mustLoad(t, "", []string{"YANZHENG_LISTEN=127.0.0.1:0", "YANZHENG_PUBLIC_URL=http://localhost:1"})
	if got := c.WithListener("127.0.0.1:4711"); got.PublicURL != "http://localhost:1" {
		t.Error("a configured public URL was changed")
	}
}
