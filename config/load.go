package config

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"slices"
)

// loader gathers the values and the faults of one configuration.
type loader struct {
	values  map[string]value // by path; only what was given
	broken  map[string]bool  // by path; what has a fault and says nothing
	faults  []Fault
	because string // why the real mode is required; empty when embedded
	secrets string // folder below which secret files may be readable by all
}

// Load reads the configuration from the YAML file of that path (none when path is empty, 1 MiB at
// most) and from environ, in the form of os.Environ, which overrides the file. Secret files are read
// here, once; relative paths start in the working directory. Every error is an *Error with all the
// faults, and the Config that comes with it is empty.
func Load(path string, environ []string) (Config, error) {
	return load(path, environ, secretsMount)
}

func load(path string, environ []string, secrets string) (Config, error) {
	l := &loader{values: map[string]value{}, broken: map[string]bool{}, secrets: secrets}
	readable := l.readFile(path)
	l.readEnvironment(environ)
	if !readable { // nothing can be said about what is missing
		return Config{}, &Error{Faults: l.faults}
	}
	c := l.build()
	l.decideMode(&c)
	l.checkTogether(&c)
	if len(l.faults) > 0 {
		return Config{}, &Error{Because: l.because, Faults: l.faults}
	}
	return c, nil
}

// build reads every setting on its own.
func (l *loader) build() Config {
	return Config{
		Demo:            get(l, "demo", parseBool),
		Listen:          get(l, "listen", parseListen),
		AdminListen:     get(l, "admin_listen", parseListen),
		PublicURL:       get(l, "public_url", parsePublicURL),
		TrustedProxies:  getList(l, "trusted_proxies", parsePrefix),
		DataDir:         get(l, "data_dir", printable(4096)),
		ShutdownTimeout: within(l, "shutdown_timeout", parseDuration),
		Database: Database{
			Driver:        get(l, "database.driver", parseDriver),
			Address:       get(l, "database.address", parseServer),
			User:          get(l, "database.user", printable(32)),
			Name:          get(l, "database.name", matching(identifier)),
			Password:      l.secret("database.password_file", printable(maxSecretBytes)),
			TLS:           get(l, "database.tls", parseBool),
			CA:            l.authorities("database.ca_file"),
			MaxOpen:       within(l, "database.max_open", parseInt),
			MaxIdle:       within(l, "database.max_idle", parseInt),
			MaxLifetime:   within(l, "database.max_lifetime", parseDuration),
			DialTimeout:   within(l, "database.dial_timeout", parseDuration),
			AnswerTimeout: within(l, "database.answer_timeout", parseDuration),
			ReadTimeout:   within(l, "database.read_timeout", parseDuration),
			WriteTimeout:  within(l, "database.write_timeout", parseDuration),
		},
		Redis: Redis{
			Addresses:  getList(l, "redis.addresses", parseServer),
			MasterName: get(l, "redis.master_name", matching(masterName)),
			Cluster:    get(l, "redis.cluster", parseBool),
			Username:   get(l, "redis.username", printable(128)),
			Password:   l.secret("redis.password_file", printable(maxSecretBytes)),
			DB:         within(l, "redis.db", parseInt),
			TLS:        get(l, "redis.tls", parseBool),
			CA:         l.authorities("redis.ca_file"),
			Timeout:    within(l, "redis.timeout", parseDuration),
		},
		WeChat: WeChat{
			AppID:      get(l, "wechat.app_id", matching(wechatAppID)),
			Secret:     l.secret("wechat.secret_file", matching(visible)),
			CheckFiles: l.checkFiles("wechat.check_files"),
			SandboxURL: get(l, "wechat.sandbox_url", parseSandbox),
		},
		Keys: Keys{
			CodeDir:  l.folder("keys.code_dir"),
			SealDir:  l.folder("keys.seal_dir"),
			IDNumber: l.key("keys.id_number_file"),
			IDIndex:  l.key("keys.id_index_file"),
			Image:    l.key("keys.image_file"),
		},
		Files: Files{
			URL:       get(l, "files.url", parseBucket),
			AccessKey: get(l, "files.access_key", printable(256)),
			SecretKey: l.secret("files.secret_key_file", printable(maxSecretBytes)),
			Timeout:   within(l, "files.timeout", parseDuration),
		},
		Images: Images{
			UploadMaxKB:    within(l, "images.upload_max_kb", parseInt),
			PhotoMaxKB:     within(l, "images.photo_max_kb", parseInt),
			PhotoMinWidth:  within(l, "images.photo_min_width", parseInt),
			PhotoMinHeight: within(l, "images.photo_min_height", parseInt),
			PhotoRatio:     get(l, "images.photo_ratio", parseRatio),
			RetentionDays:  within(l, "images.retention_days", parseInt),
		},
		Session: Session{
			TTL:           within(l, "session.ttl", parseDuration),
			RetentionDays: within(l, "session.retention_days", parseInt),
		},
		Binding: Binding{
			Tries:         within(l, "binding.tries", parseInt),
			Lock:          within(l, "binding.lock", parseDuration),
			RetentionDays: within(l, "binding.retention_days", parseInt),
		},
		Scan: Scan{RetentionDays: within(l, "scan.retention_days", parseInt)},
		Limits: Limits{
			User:             get(l, "limits.user", parseLimit),
			Address:          get(l, "limits.address", parseLimit),
			Misses:           get(l, "limits.misses", parseLimit),
			Lookups:          get(l, "limits.lookups", parseLimit),
			Login:            get(l, "limits.login", parseLimit),
			Uploads:          get(l, "limits.uploads", parseLimit),
			Files:            get(l, "limits.files", parseLimit),
			Certificates:     get(l, "limits.certificates", parseLimit),
			PersonsUser:      within(l, "limits.persons_user", parseInt),
			PersonsInspector: within(l, "limits.persons_inspector", parseInt),
			PersonsAddress:   within(l, "limits.persons_address", parseInt),
		},
		Certificate: Certificate{
			Board:      get(l, "certificate.board", characters(30)),
			Director:   get(l, "certificate.director", characters(8)),
			TypeCode:   get(l, "certificate.type_code", matching(typeCode)),
			IssuerCode: get(l, "certificate.issuer_code", parseCreditCode),
		},
		Log: Log{
			Level:  get(l, "log.level", parseLevel),
			Format: get(l, "log.format", parseFormat),
		},
	}
}

// given says whether a setting was given, be it wrong.
func (l *loader) given(path string) bool {
	_, ok := l.values[path]
	return ok
}

// text gives the text of a setting or its default, and whether there is one to be read.
func (l *loader) text(path string) (string, bool) {
	s, ok := find(path)
	if !ok {
		panic("config: no such setting: " + path)
	}
	text := cmp.Or(l.values[path].text, s.fallback)
	return text, text != "" && !l.broken[path]
}

// get reads a setting; the zero value when there is none, or none that can be read.
func get[T any](l *loader, path string, parse func(string) (T, bool)) T {
	var none T
	text, ok := l.text(path)
	if !ok {
		return none
	}
	v, ok := parse(text)
	if !ok {
		l.wrong(path)
		return none
	}
	return v
}

// getList reads a list, each item once.
func getList[T comparable](l *loader, path string, parse func(string) (T, bool)) []T {
	var all []T
	for _, text := range l.values[path].list {
		v, ok := parse(text)
		if !ok {
			l.wrong(path)
			return nil
		}
		if !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	return all
}

// within reads a number or a duration between the bounds of its setting.
func within[T cmp.Ordered](l *loader, path string, parse func(string) (T, bool)) T {
	s, _ := find(path)
	low, okLow := parse(s.low)
	high, okHigh := parse(s.high)
	if !okLow || !okHigh {
		panic("config: no bounds: " + path)
	}
	return get(l, path, func(text string) (T, bool) {
		v, ok := parse(text)
		return v, ok && low <= v && v <= high
	})
}

// checkFiles reads WeChat's check files.
func (l *loader) checkFiles(path string) map[string]string {
	files := l.values[path].pairs
	for name, content := range files {
		if !identifier.MatchString(name) || !visible.MatchString(content) {
			l.wrong(path)
			return nil
		}
	}
	return files
}

// folder reads the path of a folder of private keys.
func (l *loader) folder(path string) string {
	name := get(l, path, printable(4096))
	if name == "" {
		return ""
	}
	if problem := l.checkFolder(name); problem != "" {
		l.wrongBecause(path, "the folder "+problem)
		return ""
	}
	return name
}

// secret reads the text of the secret file that a setting names.
func (l *loader) secret(path string, parse func(string) (string, bool)) Secret {
	text, ok := l.secretText(path)
	if !ok {
		return Secret{}
	}
	if text, ok = parse(text); !ok {
		l.wrongBecause(path, "the file must hold the secret alone: one line of visible characters")
		return Secret{}
	}
	return NewSecret(text)
}

// key reads the key file that a setting names.
func (l *loader) key(path string) Key {
	text, ok := l.secretText(path)
	if !ok {
		return Key{}
	}
	b, ok := parseKey(text)
	if !ok {
		l.wrongBecause(path, "the file must hold 32 random bytes as 64 hex digits or in base64; "+
			"`openssl rand -hex 32` makes them")
		return Key{}
	}
	return NewKey(b)
}

// secretText gives the content of the secret file that a setting names.
func (l *loader) secretText(path string) (string, bool) {
	name := get(l, path, printable(4096))
	if name == "" {
		return "", false
	}
	text, problem := l.readSecret(name)
	if problem != "" {
		l.wrongBecause(path, "the file "+problem)
		return "", false
	}
	return text, true
}

// authorities reads the file of certificates that a setting names; nil when there is none.
func (l *loader) authorities(path string) *x509.CertPool {
	name := get(l, path, printable(4096))
	if name == "" {
		return nil
	}
	raw, problem := readBounded(name, maxFileBytes)
	if problem != "" {
		l.wrongBecause(path, "the file "+problem)
		return nil
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(raw) {
		l.wrongBecause(path, "the file holds no certificate in PEM")
		return nil
	}
	return pool
}

// wrong adds the fault that a setting is not what it must be.
func (l *loader) wrong(path string) {
	s, _ := find(path)
	want := s.want
	if _, number := parseInt(s.low); number {
		want = fmt.Sprintf("a whole number from %s to %s", s.low, s.high)
	} else if s.low != "" {
		want = fmt.Sprintf("a duration such as 500ms, 30s, 5m or 12h, from %s to %s", s.low, s.high)
	}
	l.wrongBecause(path, "must be "+want)
}

// wrongBecause adds a fault of a setting in other words.
func (l *loader) wrongBecause(path, text string) {
	l.broken[path] = true
	l.fault(Fault{Setting: path, Line: l.values[path].line, Text: text})
}

// missing adds the fault that a required setting was not given.
func (l *loader) missing(path string) {
	s, _ := find(path)
	l.fault(Fault{Setting: path, Missing: true, Text: s.want})
}

// fault adds a fault, with the environment name of its setting when it has one.
func (l *loader) fault(f Fault) {
	if _, known := find(f.Setting); known {
		f.Env = envName(f.Setting)
	}
	l.faults = append(l.faults, f)
}
