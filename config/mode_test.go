package config

import (
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// allRequired is what a real mode without anything lacks.
func allRequired(except ...string) []string {
	all := append(slices.Clone(required), "database.password_file", "redis.password_file")
	return slices.DeleteFunc(all, func(path string) bool { return slices.Contains(except, path) })
}

func TestNothingGivenIsEmbedded(t *testing.T) {
	want := Config{
		Embedded: true, Demo: true, Listen: "127.0.0.1:8080", PublicURL: "http://127.0.0.1:8080", DataDir: "./data",
		ShutdownTimeout: 20 * time.Second,
		Database: Database{Driver: SQLite, MaxOpen: 32, MaxIdle: 32, MaxLifetime: 3 * time.Minute,
			DialTimeout: time.Second, AnswerTimeout: 250 * time.Millisecond, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second},
		Redis:   Redis{Timeout: 50 * time.Millisecond},
		Files:   Files{Timeout: 2 * time.Second},
		Images:  Images{UploadMaxKB: 2048, PhotoMaxKB: 50, PhotoMinWidth: 295, PhotoMinHeight: 413, PhotoRatio: [2]int{5, 7}, RetentionDays: 183},
		Session: Session{TTL: 7 * 24 * time.Hour, RetentionDays: 183},
		Binding: Binding{Tries: 3, Lock: 30 * time.Minute, RetentionDays: 183},
		Scan:    Scan{RetentionDays: 183},
		Limits: Limits{
			User: Limit{600, time.Minute, 600}, Address: Limit{3000, time.Minute, 3000}, Misses: Limit{120, time.Minute, 120},
			Lookups: Limit{120, time.Minute, 120}, Login: Limit{120, time.Minute, 120}, Uploads: Limit{20, time.Hour, 20},
			Files: Limit{60, time.Minute, 60}, Certificates: Limit{60, time.Hour, 60},
			PersonsUser: 300, PersonsInspector: 3000, PersonsAddress: 500,
		},
		Certificate: Certificate{Board: "演示注册管理委员会", Director: "主任委员", TypeCode: "DEM0DEM0DEM0DEM0DE001", IssuerCode: "11000000DEM0DEM0DP"},
		Log:         Log{Level: slog.LevelInfo, Format: "text"},
	}
	for name, file := range map[string]string{
		"no file": "", "empty": yamlFile(t, ""), "comments": yamlFile(t, "# nothing\n"),
		"null": yamlFile(t, "~"), "empty groups": yamlFile(t, "database:\nredis: {}\nwechat: {check_files: {}, app_id: ''}\ntrusted_proxies: []\n"),
	} {
		got := mustLoad(t, file, []string{"PATH=/bin", "YANZHENG_REDIS_ADDRESSES=", "YANZHENG_CONFIG=/x", "YANZHENG"})
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v\nwant %+v", name, got, want)
		}
	}
}

func TestHarmlessSettingsStayEmbedded(t *testing.T) {
	for path, text := range map[string]string{
		"data_dir": "/srv/x", "log.level": "debug", "log.format": "json", "listen": "[::1]:9000", "admin_listen": "localhost:9090",
		"public_url": "http://localhost:8080", "demo": "false", "session.ttl": "1h", "scan.retention_days": "7",
		"shutdown_timeout": "5s", "database.driver": "sqlite",
		"limits.user": "10/1s", "limits.address": "10/1s", "limits.misses": "10/1s", "limits.lookups": "10/1s", "limits.login": "10/1s",
		"limits.persons_user": "9", "limits.persons_inspector": "9", "limits.persons_address": "9",
	} {
		if c := mustLoad(t, "", environ(map[string]string{path: text})); !c.Embedded {
			t.Errorf("%s ended the embedded mode", path)
		}
	}
	if c := mustLoad(t, "", []string{"YANZHENG_DEMO=false"}); c.Demo {
		t.Error("demo data cannot be turned off")
	}
	if c := mustLoad(t, "", []string{"YANZHENG_LISTEN=LocalHost:80"}); c.PublicURL != "http://localhost" || c.Listen != "localhost:80" {
		t.Errorf("listen %s, public URL %s", c.Listen, c.PublicURL)
	}
}

// TestOneProductionSettingNeedsAll gives a single setting and wants to hear of all the others at once.
func TestOneProductionSettingNeedsAll(t *testing.T) {
	w := realWorld(t)
	for _, path := range append(allRequired(), "database.driver", "database.max_open", "redis.db", "redis.timeout", "trusted_proxies") {
		text := w.env[path]
		switch path {
		case "database.max_open", "redis.db":
			text = "7"
		case "database.driver":
			text = MySQL
		case "database.name":
			text = SQLite // means nothing here
		case "redis.timeout":
			text = "1s"
		case "trusted_proxies":
			text = "127.0.0.1"
		}
		e := mustFail(t, "", environ(map[string]string{path: text}))
		wantMissing(t, e, allRequired(path)...)
		if wrong := settingsAt(e, false); len(wrong) > 0 || path != "public_url" && !strings.HasPrefix(e.Because, path+" is set, which means production") {
			t.Errorf("%s: because %q, wrong %q", path, e.Because, wrong)
		}
	}
}

func TestBeyondLoopbackMeansProduction(t *testing.T) {
	for path, texts := range map[string][]string{
		"listen":          {"0.0.0.0:8080", ":8080", "[::]:8080", "192.168.1.5:8080", "host.example:8080", "[::ffff:10.0.0.1]:80", "localhost.example:80"},
		"admin_listen":    {"0.0.0.0:9090", ":9090"},
		"public_url":      {"https://v.example.cn", "https://10.0.0.1", "https://localhost.example"},
		"trusted_proxies": {"10.0.0.0/8", "126.0.0.0/7", "::/1", "2001:db8::1", "127.0.0.1,10.1.1.1"},
	} {
		for _, text := range texts {
			e := mustFail(t, "", environ(map[string]string{path: text}))
			wantMissing(t, e, allRequired(path)...)
			if !strings.HasSuffix(e.Because, "means production: sandbox, demo data and generated keys are refused") {
				t.Errorf("%s %s: because %q", path, text, e.Because)
			}
		}
	}
	e := mustFail(t, "", []string{"YANZHENG_LISTEN=0.0.0.0:8080"})
	for _, want := range []string{
		"listening beyond loopback (0.0.0.0:8080) means production: sandbox, demo data and generated keys are refused; missing:\n",
		"\n  database.password_file (YANZHENG_DATABASE_PASSWORD_FILE): a file with",
	} {
		if !strings.Contains(e.Error(), want) {
			t.Errorf("no %q in:\n%v", want, e)
		}
	}
}

func TestRealMode(t *testing.T) {
	w := realWorld(t)
	c := mustLoad(t, "", w.with("listen", "0.0.0.0:8080"))
	if c.Embedded || c.Demo || c.Database.Driver != MySQL || c.Log.Format != "json" || c.DataDir != "" ||
		!c.Database.TLS || !c.Redis.TLS || c.Redis.Cluster || c.Database.Network() != "tcp" {
		t.Errorf("%+v", c)
	}
	if key := c.Keys.IDNumber.Reveal(); key[0] != 0xa1 || key[31] != 0x01 {
		t.Error("not the key of the file")
	}
	for _, path := range allRequired() {
		wantMissing(t, mustFail(t, "", w.with(path, "")), path)
	}
	wantFaults(t, mustFail(t, "", w.with("database.driver", "sqlite")), "database.driver")
	mustLoad(t, "", w.with("database.driver", "mysql", "trusted_proxies", "10.0.0.0/8", "data_dir", "/srv"))
}

func TestEveryFaultAtOnce(t *testing.T) {
	w := realWorld(t)
	open := w.write(t, "open", "hunter2", 0o644)
	file := yamlFile(t, "nonsense: 1\nsession:\n  ttl: 7d\nlog: loud\nlisten: 1.2.3.4:80\nlisten: 1.2.3.4:80\n")
	e := mustFail(t, file, append(w.with("database.address", "", "wechat.secret_file", open, "keys.image_file", w.path("id_index_key"),
		"redis.db", "-1", "demo", "true", "trusted_proxies", "everyone", "public_url", ""), "YANZHENG_REDIS_PASSWORD=hunter2"))
	wantMissing(t, e, "database.address", "public_url")
	want := []string{"YANZHENG_REDIS_PASSWORD", "demo", "keys.image_file", "listen", "log", "nonsense", "redis.db", "session.ttl", "trusted_proxies", "wechat.secret_file"}
	if got := settingsAt(e, false); !slices.Equal(got, want) {
		t.Errorf("wrong: %q\nwant:  %q", got, want)
	}
	if !strings.HasPrefix(e.Error(), "configuration refused, faults: 12\n") || !strings.Contains(e.Error(), "session.ttl (YANZHENG_SESSION_TTL), line 3: must be a duration") {
		t.Error(e)
	}
}

// TestWhatOnlyLoopbackMay: sandbox, demo data, plain http and absent passwords.
func TestWhatOnlyLoopbackMay(t *testing.T) {
	w := localWorld(t)
	c := mustLoad(t, "", w.with("wechat.sandbox_url", "http://127.0.0.1:9999", "trusted_proxies", "127.0.0.0/8,::1",
		"admin_listen", "localhost:9", "database.password_file", "", "redis.password_file", ""))
	if c.Embedded || c.WeChat.SandboxURL != "http://127.0.0.1:9999" || c.Database.TLS || c.Redis.TLS {
		t.Errorf("%+v", c)
	}
	wantFaults(t, mustFail(t, "", w.with("demo", "true")), "demo")
	for path, text := range map[string]string{
		"listen": "0.0.0.0:80", "admin_listen": ":9", "public_url": "https://v.example.cn", "trusted_proxies": "10.0.0.1",
	} {
		wantFaults(t, mustFail(t, "", w.with(path, text, "wechat.sandbox_url", "http://127.0.0.1:9999")), "wechat.sandbox_url")
		wantFaults(t, mustFail(t, "", w.with(path, text, "demo", "true")), "demo")
		if c := mustLoad(t, "", w.with(path, text)); c.Demo {
			t.Error("demo data in the real mode")
		}
	}
	wantFaults(t, mustFail(t, "", w.with("public_url", "http://v.example.cn")), "public_url")
	wantMissing(t, mustFail(t, "", w.with("database.address", "db:3306", "database.password_file", "")), "database.password_file")
	wantMissing(t, mustFail(t, "", w.with("redis.addresses", "127.0.0.1:1,redis:2", "redis.password_file", "")), "redis.password_file")
	c = mustLoad(t, "", w.with("database.address", "/run/mysqld/mysqld.sock", "database.password_file", "", "redis.addresses", "/run/redis.sock", "redis.password_file", ""))
	if c.Database.Network() != "unix" || c.Database.TLS || c.Redis.TLS {
		t.Errorf("%+v", c.Database)
	}
}

// TestBuckets: a folder has no keys, S3 has both, and nothing else is a bucket.
func TestBuckets(t *testing.T) {
	w := realWorld(t)
	key := w.write(t, "s3", "hunter2-s3", 0o600)
	c := mustLoad(t, "", w.with("files.url", "s3://photos?region=cn-north-1", "files.access_key", "AK", "files.secret_key_file", key))
	if c.Files.AccessKey != "AK" || c.Files.SecretKey.Reveal() != "hunter2-s3" {
		t.Errorf("%+v", c.Files)
	}
	wantMissing(t, mustFail(t, "", w.with("files.url", "s3://photos?region=cn-north-1")), "files.access_key", "files.secret_key_file")
	wantFaults(t, mustFail(t, "", w.with("files.access_key", "AK")), "files.access_key")
	for _, url := range []string{"mem://", "file://host/x", "file:x", "file:///x?y", "s3://", "gs://x", "/srv", "s3://user:hunter2@x"} {
		wantFaults(t, mustFail(t, "", w.with("files.url", url)), "files.url")
	}
	for _, ratio := range []string{"5", "5:", "0:7", "5:101", "a:b", "5:7:9"} {
		wantFaults(t, mustFail(t, "", w.with("images.photo_ratio", ratio)), "images.photo_ratio")
	}
}
