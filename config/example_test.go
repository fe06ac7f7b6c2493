package config

import (
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// exampleFile gives the text of example.yaml with the secret files of a world.
func exampleFile(t testing.TB, w *world) string {
	t.Helper()
	raw, err := os.ReadFile("example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(raw), secretsMount+"/", w.dir+"/")
}

func TestExampleLoads(t *testing.T) {
	c := mustLoad(t, yamlFile(t, exampleFile(t, realWorld(t))), nil)
	if c.Embedded || len(c.Warnings()) > 0 {
		t.Errorf("embedded %v, warnings %q", c.Embedded, c.Warnings())
	}
}

// TestExampleHasEverySetting also looks at the settings that the example does not use, and compares
// each default with the one in force.
func TestExampleHasEverySetting(t *testing.T) {
	text := regexp.MustCompile(`(?m)^( *)#(\S)`).ReplaceAllString(exampleFile(t, realWorld(t)), "$1$2")
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{}
	var order []string
	var walk func(prefix string, node *yaml.Node)
	walk = func(prefix string, node *yaml.Node) {
		for i := 0; i < len(node.Content); i += 2 {
			path, child := prefix+node.Content[i].Value, node.Content[i+1]
			if isGroup(path) {
				walk(path+".", child)
				continue
			}
			shown[path] = child.Value
			order = append(order, path)
		}
	}
	walk("", document.Content[0])
	var want []string
	for _, s := range table {
		want = append(want, s.path)
		if s.fallback != "" && shown[s.path] != s.fallback {
			t.Errorf("%s: the example shows %q, the default is %q", s.path, shown[s.path], s.fallback)
		}
	}
	if !slices.Equal(order, want) {
		t.Errorf("the example has %q\nwant %q", order, want)
	}
}

// TestEverySettingIsUsed sets each setting in turn: it must change the Config, and together they must
// change every field of it that is not computed.
func TestEverySettingIsUsed(t *testing.T) {
	w := localWorld(t)
	pem := w.write(t, "ca.pem", authority, 0o600)
	other := w.write(t, "other", strings.Repeat("d4", 31)+"04", 0o600)
	if err := os.Mkdir(w.path("code2"), 0o700); err != nil {
		t.Fatal(err)
	}
	values := map[string]string{
		"listen": "127.0.0.1:9", "admin_listen": "127.0.0.1:10", "public_url": "http://localhost", "trusted_proxies": "127.0.0.1", "data_dir": "x",
		"demo": "", "shutdown_timeout": "9s", "database.driver": "", "database.address": "localhost:9", "database.user": "x", "database.name": "x",
		"database.password_file": other, "database.tls": "true", "database.ca_file": pem, "database.max_open": "99", "database.max_idle": "9",
		"database.max_lifetime": "9m", "database.dial_timeout": "9s", "database.answer_timeout": "9s", "database.read_timeout": "9s", "database.write_timeout": "9s",
		"redis.addresses": "localhost:9", "redis.master_name": "x", "redis.cluster": "true", "redis.username": "x", "redis.password_file": other,
		"redis.db": "9", "redis.tls": "true", "redis.ca_file": pem, "redis.timeout": "99ms", "wechat.app_id": "wx0000000000000000",
		"wechat.secret_file": other, "wechat.check_files": "a=b", "wechat.sandbox_url": "http://localhost", "keys.code_dir": w.path("code2"), "keys.seal_dir": w.path("code2"),
		"keys.id_number_file": other, "keys.id_index_file": other, "keys.image_file": other, "files.url": "file:///srv", "files.access_key": "", "files.secret_key_file": other, "files.timeout": "9s",
		"images.upload_max_kb": "99", "images.photo_max_kb": "99", "images.photo_min_width": "199", "images.photo_min_height": "199",
		"images.photo_ratio": "1:2", "images.retention_days": "9", "session.ttl": "99h", "session.retention_days": "9",
		"binding.tries": "9", "binding.lock": "9m", "binding.retention_days": "9",
		"certificate.board": "x", "certificate.director": "x", "certificate.type_code": "11100000000013338W011", "certificate.issuer_code": "11430000006122244L",
		"scan.retention_days": "999", "limits.user": "9/9s", "limits.address": "9/9s", "limits.misses": "9/9s", "limits.lookups": "9/9s",
		"limits.login": "9/9s", "limits.uploads": "9/9s", "limits.files": "9/9s", "limits.certificates": "9/9s",
		"limits.persons_user": "9", "limits.persons_inspector": "9", "limits.persons_address": "9", "log.level": "warn", "log.format": "text",
	}
	base := leaves(mustLoad(t, "", w.with()))
	changed := map[string]bool{"Embedded": true, "Database.Driver": true, "Demo": true, "Files.AccessKey": true} // follow the mode, or the kind of bucket
	for _, s := range table {
		value, ok := values[s.path]
		if !ok {
			t.Errorf("%s: not tried", s.path)
		}
		got := leaves(mustLoad(t, "", w.with(s.path, value)))
		before := len(changed)
		differs := false
		for field := range got {
			if got[field] != base[field] {
				changed[field], differs = true, true
			}
		}
		if s.path != "database.driver" && s.path != "demo" && s.path != "files.access_key" && !differs { // the key goes with s3:// alone
			t.Errorf("%s: changes nothing", s.path)
		}
		if len(changed) > before+2 { // a file of authorities also turns TLS on
			t.Errorf("%s: changes too much", s.path)
		}
	}
	for field := range base {
		if !changed[field] {
			t.Errorf("%s: no setting changes it", field)
		}
	}
	if len(values) != len(table) {
		t.Errorf("%d values for %d settings: %q", len(values), len(table), slices.Sorted(maps.Keys(values)))
	}
}

// leaves gives the text of every field, secrets revealed.
func leaves(c Config) map[string]string {
	all := map[string]string{}
	var walk func(prefix string, v reflect.Value)
	walk = func(prefix string, v reflect.Value) {
		for i := range v.NumField() {
			name, field := prefix+v.Type().Field(i).Name, v.Field(i)
			switch x := field.Interface().(type) {
			case Secret:
				all[name] = x.Reveal()
			case Key:
				all[name] = fmt.Sprint(x.Reveal())
			case Limit: // one setting
				all[name] = fmt.Sprint(x)
			default:
				if field.Kind() == reflect.Struct {
					walk(name+".", field)
				} else {
					all[name] = fmt.Sprint(x)
				}
			}
		}
	}
	walk("", reflect.ValueOf(c))
	return all
}

// TestTable holds the table in shape: bounds that can be read, defaults within them, words for all.
func TestTable(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range table {
		if seen[envName(s.path)] || !regexp.MustCompile(`^[a-z_]+(\.[a-z_]+)?$`).MatchString(s.path) {
			t.Errorf("%s: twice, or no path", s.path)
		}
		seen[envName(s.path)] = true
		if (s.low == "") != (s.high == "") || (s.low == "") == (s.want == "") {
			t.Errorf("%s: needs either bounds or words", s.path)
		}
	}
	for _, path := range required {
		if s, ok := find(path); !ok || s.fallback != "" {
			t.Errorf("%s: required, and unknown or with a default", path)
		}
	}
	if envName("database.password_file") != "YANZHENG_DATABASE_PASSWORD_FILE" {
		t.Error(envName("database.password_file"))
	}
}
