package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestNoSecretLeaks prints a Config in every way there is.
func TestNoSecretLeaks(t *testing.T) {
	c := mustLoad(t, "", realWorld(t).with())
	if c.Database.Password.Reveal() != "hunter2-database" || c.Redis.Password.Reveal() != "hunter2-redis" ||
		c.WeChat.Secret.Reveal() != "hunter2-wechat" {
		t.Fatal("the secrets are not those of the files")
	}
	hidden := struct{ config Config }{c} // fmt asks no methods below an unexported field
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{c, &c, hidden, &hidden, c.Database.Password, &c.Database.Password, c.Keys.Image, &c.Keys.Image,
			[]Secret{c.Redis.Password}, map[string]Key{"k": c.Keys.IDIndex}} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
	}
	for _, marshal := range []func(any) ([]byte, error){json.Marshal, yaml.Marshal} {
		raw, err := marshal(map[string]any{"database": c.Database.Password, "wechat": c.WeChat, "keys": c.Keys, "redis": c.Redis.Password})
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(raw), redactedText); n != 6 {
			t.Errorf("%d of 6 secrets are redacted in %s", n, raw)
		}
		out.Write(raw)
	}
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(raw)
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("started", "config", c, "keys", c.Keys, "secret", c.WeChat.Secret, "key", c.Keys.Image)
	}
	out.WriteString(strings.Join(c.Warnings(), "\n"))
	checkNoSecret(t, out.String())
	for _, key := range []Key{c.Keys.IDNumber, c.Keys.IDIndex, c.Keys.Image} {
		b := key.Reveal()
		for _, form := range []string{string(b[:8]), fmt.Sprint(b[:8]), strings.Trim(fmt.Sprint(b[:8]), "[]"), fmt.Sprintf("%#v", b[:8])[7:30]} {
			if strings.Contains(out.String(), form) {
				t.Errorf("a key shows as %q", form)
			}
		}
	}
}

func TestSecretWithoutValue(t *testing.T) {
	if (Secret{}).Reveal() != "" || (Key{}).Reveal() != [32]byte{} {
		t.Error("an absent secret has a value")
	}
	if (Secret{}).String() != NewSecret("x").String() {
		t.Error("the text tells whether there is a secret")
	}
}

// TestSecretInTheWrongPlace gives secrets where others expect something else; no fault repeats them.
func TestSecretInTheWrongPlace(t *testing.T) {
	for name, text := range map[string]string{
		"as a value":             "database: {password: hunter2-database}",
		"as the file's name":     "database: {password_file: hunter2-database}",
		"as a group":             "database: hunter2-database",
		"as an alias":            "database: {password_file: *hunter2-database}",
		"as a key":               "database: {'hunter2 database!': x}",
		"as a list":              "redis: {password_file: [hunter2-redis]}",
		"as a number":            "redis: {db: hunter2-redis}",
		"as a duration":          "session: {ttl: hunter2-redis}",
		"in a URL":               "public_url: https://me:hunter2-redis@example.cn",
		"in a query":             "public_url: https://example.cn?hunter2-redis",
		"in an address":          "database: {address: 'root:hunter2-database@db:3306'}",
		"as the whole":           "hunter2-database",
		"in a tag":               "listen: !!hunter2 x",
		"in YAML that breaks":    "listen: 'hunter2-database",
		"in a folder":            "keys: {code_dir: /nowhere/hunter2}",
		"as an authority's file": "redis: {ca_file: /nowhere/hunter2}",
	} {
		t.Run(name, func(t *testing.T) { _ = mustFail(t, yamlFile(t, text), nil) })
	}
	for _, path := range []string{"database.password", "wechat.secret", "keys.image"} {
		e := mustFail(t, "", []string{envName(path) + "=hunter2"})
		if !strings.Contains(e.Error(), envName(path+"_file")) {
			t.Errorf("%s: the fault does not name the right setting: %v", path, e)
		}
		group, key, _ := strings.Cut(path, ".")
		e = mustFail(t, yamlFile(t, group+":\n  "+key+": hunter2\n"), nil)
		if !strings.Contains(e.Error(), path+"_file") || e.Faults[0].Line != 2 {
			t.Errorf("%s: the fault does not name the right setting and line: %v", path, e)
		}
	}
}
