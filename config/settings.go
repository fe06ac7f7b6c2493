package config

import (
	"slices"
	"strings"
)

// FileVariable is the environment variable in which the server looks for the path of the
// configuration file. Load takes the path as an argument and passes over the variable.
const FileVariable = envPrefix + "CONFIG"

const envPrefix = "YANZHENG_"

// form is the shape of a setting's value.
type form uint8

const (
	scalar form = iota
	list        // a sequence in the file, comma-separated in the environment
	pairs       // a mapping in the file, name=content,name=content in the environment
)

// setting describes one setting; the table below is the only place that names them all.
type setting struct {
	path      string
	form      form
	fallback  string // the default, read like any value; empty: none, or one that depends on others
	low, high string // the bounds of a number or a duration, both included
	want      string // what belongs there, in words that can follow "must be"
}

// table is in the order of example.yaml.
var table = []setting{
	{path: "listen", fallback: "127.0.0.1:8080", want: "host:port with a number for the port (0, on loopback only, lets the system choose)"},
	{path: "admin_listen", want: "host:port with a number for the port (0, on loopback only, lets the system choose)"},
	{path: "public_url", want: "https://host[:port] in ASCII and nothing behind it; http:// only for a host on loopback"},
	{path: "trusted_proxies", form: list, want: "networks or addresses such as 10.1.0.0/16 or 10.1.2.3, never all there are (/0)"},
	{path: "data_dir", want: "the path of a folder"},
	{path: "demo", want: "true or false"},
	{path: "shutdown_timeout", fallback: "20s", low: "1s", high: "10m"},

	{path: "database.driver", want: "mysql (real mode) or sqlite (embedded mode)"},
	{path: "database.address", want: "host:port of the MySQL server, or the absolute path of its socket"},
	{path: "database.user", want: "the name of the database user, 1 to 32 characters"},
	{path: "database.name", want: "the name of the schema, 1 to 64 of 0-9 A-Z a-z _ -"},
	{path: "database.password_file", want: "a file with the database user's password"},
	{path: "database.tls", want: "true or false"},
	{path: "database.ca_file", want: "a file with certificates in PEM"},
	{path: "database.max_open", fallback: "32", low: "1", high: "1000"},
	{path: "database.max_idle", fallback: "32", low: "0", high: "1000"},
	{path: "database.max_lifetime", fallback: "3m", low: "10s", high: "24h"},
	{path: "database.dial_timeout", fallback: "1s", low: "50ms", high: "30s"},
	{path: "database.answer_timeout", fallback: "250ms", low: "20ms", high: "30s"},
	{path: "database.read_timeout", fallback: "30s", low: "50ms", high: "10m"},
	{path: "database.write_timeout", fallback: "30s", low: "50ms", high: "10m"},

	{path: "redis.addresses", form: list, want: "host:port of one server, of the Sentinels, or of nodes of a Cluster (or one absolute path of a socket)"},
	{path: "redis.master_name", want: "the Sentinels' name for the master, 1 to 128 of 0-9 A-Z a-z . _ -"},
	{path: "redis.cluster", want: "true or false"},
	{path: "redis.username", want: "the name of the Redis user, 1 to 128 characters"},
	{path: "redis.password_file", want: "a file with the Redis password"},
	{path: "redis.db", fallback: "0", low: "0", high: "1023"},
	{path: "redis.tls", want: "true or false"},
	{path: "redis.ca_file", want: "a file with certificates in PEM"},
	{path: "redis.timeout", fallback: "50ms", low: "5ms", high: "5s"},

	{path: "wechat.app_id", want: "the mini-program's AppID: wx and 16 letters or digits"},
	{path: "wechat.secret_file", want: "a file with the mini-program's AppSecret"},
	{path: "wechat.check_files", form: pairs, want: "name: content, the name without .txt, 1 to 64 of 0-9 A-Z a-z _ -, the content 1 to 1000 visible ASCII characters"},
	{path: "wechat.sandbox_url", want: "http:// and a host on loopback"},

	{path: "keys.code_dir", want: "the folder of the private keys that sign the codes"},
	{path: "keys.seal_dir", want: "the folder of the keys for the seals on certificates"},
	{path: "keys.id_number_file", want: "a file with 32 random bytes as 64 hex digits or in base64"},
	{path: "keys.id_index_file", want: "a file with 32 random bytes as 64 hex digits or in base64, other than the other keys"},
	{path: "keys.image_file", want: "a file with 32 random bytes as 64 hex digits or in base64, other than the other keys"},

	{path: "files.url", want: "file:///absolute/path of a folder, or s3://bucket?region=…"},
	{path: "files.access_key", want: "the access key of S3, 1 to 256 characters"},
	{path: "files.secret_key_file", want: "a file with the secret key of S3"},
	{path: "files.timeout", fallback: "2s", low: "100ms", high: "30s"},

	{path: "images.upload_max_kb", fallback: "2048", low: "64", high: "16384"},
	{path: "images.photo_max_kb", fallback: "50", low: "10", high: "1024"},
	{path: "images.photo_min_width", fallback: "295", low: "100", high: "4000"},
	{path: "images.photo_min_height", fallback: "413", low: "100", high: "4000"},
	{path: "images.photo_ratio", fallback: "5:7", want: "width:height in whole numbers from 1 to 100, such as 5:7"},
	{path: "images.retention_days", fallback: "183", low: "1", high: "3650"},

	{path: "session.ttl", fallback: "168h", low: "1s", high: "2160h"},
	{path: "session.retention_days", fallback: "183", low: "1", high: "3650"},

	{path: "binding.tries", fallback: "3", low: "1", high: "100"},
	{path: "binding.lock", fallback: "30m", low: "1s", high: "168h"},
	{path: "binding.retention_days", fallback: "183", low: "1", high: "3650"},

	{path: "scan.retention_days", fallback: "183", low: "1", high: "3650"},

	{path: "limits.user", fallback: "600/1m", want: limitForm},
	{path: "limits.address", fallback: "3000/1m", want: limitForm},
	{path: "limits.misses", fallback: "120/1m", want: limitForm},
	{path: "limits.lookups", fallback: "120/1m", want: limitForm},
	{path: "limits.login", fallback: "120/1m", want: limitForm},
	{path: "limits.uploads", fallback: "20/1h", want: limitForm},
	{path: "limits.files", fallback: "60/1m", want: limitForm},
	{path: "limits.certificates", fallback: "60/1h", want: limitForm},
	{path: "limits.persons_user", fallback: "300", low: "1", high: "1000000000"},
	{path: "limits.persons_inspector", fallback: "3000", low: "1", high: "1000000000"},
	{path: "limits.persons_address", fallback: "500", low: "1", high: "1000000000"},

	{path: "certificate.board", fallback: "演示注册管理委员会", want: "the issuer's name, 1 to 30 characters"},
	{path: "certificate.director", fallback: "主任委员", want: "what its director is called, 1 to 8 characters"},
	{path: "certificate.type_code", fallback: "DEM0DEM0DEM0DEM0DE001", want: "21 of 0-9 A-Z"},
	{path: "certificate.issuer_code", fallback: "11000000DEM0DEM0DP", want: "a unified social credit code: 18 characters, the last a check digit"},

	{path: "log.level", fallback: "info", want: "debug, info, warn or error"},
	{path: "log.format", want: "text or json"},
}

// productionGroups are the groups whose settings end the embedded mode.
var productionGroups = []string{"database", "redis", "wechat", "keys", "files"}

// required are the settings without which the real mode does not start, whatever else is set. The
// two passwords are not among them: see loader.passwordUnlessLocal.
var required = []string{
	"public_url",
	"database.address", "database.user", "database.name",
	"redis.addresses",
	"wechat.app_id", "wechat.secret_file",
	"keys.code_dir", "keys.seal_dir", "keys.id_number_file", "keys.id_index_file", "keys.image_file",
	"files.url",
}

// find gives the setting of that path.
func find(path string) (setting, bool) {
	i := slices.IndexFunc(table, func(s setting) bool { return s.path == path })
	if i < 0 {
		return setting{}, false
	}
	return table[i], true
}

// isGroup says whether settings stand below that path.
func isGroup(path string) bool {
	return slices.ContainsFunc(table, func(s setting) bool { return strings.HasPrefix(s.path, path+".") })
}

// envName gives the environment name of a path.
func envName(path string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}
