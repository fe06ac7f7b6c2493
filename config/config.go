// Package config turns an optional YAML file and the environment into one typed, checked Config.
//
// Its promise: a Config that Load returns without an error can be run as it stands, in one of two
// modes. Embedded: nothing that belongs to production is set, and nothing is reachable from beyond
// loopback. Real: everything production needs is there. There is no state between the two.
//
// Its one rule: all faults are reported at once, and the text of a fault never repeats a value that
// was given (but for the addresses that decide the mode, once they are seen to be addresses), because
// a secret put in the wrong place is among the faults people make.
//
// Every setting has a path in the file and a name in the environment, and one follows from the
// other: database.password_file is YANZHENG_DATABASE_PASSWORD_FILE. The environment overrides the
// file; an empty value counts as not given. example.yaml documents them all.
package config

import (
	"crypto/x509"
	"log/slog"
	"net/netip"
	"strings"
	"time"
)

// Config is the whole configuration. The zero value is of no use; Load makes one.
type Config struct {
	// Embedded says that no production setting at all was given: SQLite, in-process Redis, WeChat
	// sandbox and generated keys below DataDir, on loopback only. Computed, not a setting.
	Embedded bool

	// Demo says whether demo data is offered: in the embedded mode only. Default there: true.
	Demo bool

	// Listen is the host:port of the public listener. Default 127.0.0.1:8080. Port 0, on loopback
	// only, lets the system choose; see WithListener.
	Listen string

	// AdminListen is the host:port of the administration listener (metrics). Default empty: off.
	AdminListen string

	// PublicURL is scheme://host[:port] under which people reach the service, in lower case, without
	// a path and without the scheme's own port. It is printed on every certificate, so it must hold
	// for years. Default when embedded: http:// and Listen. Real: required.
	PublicURL string

	// TrustedProxies are the networks whose X-Forwarded-For is believed. Default none. Never a
	// whole address family.
	TrustedProxies []netip.Prefix

	// DataDir is the folder of the embedded mode's files. Default when embedded: ./data.
	// The real mode needs none.
	DataDir string

	// ShutdownTimeout is how long running requests may take to end after a stop signal. Default 20s.
	ShutdownTimeout time.Duration

	Database Database
	Redis    Redis
	WeChat   WeChat
	Keys     Keys
	Files    Files
	Images   Images
	Session  Session
	Binding  Binding
	Scan     Scan
	Limits   Limits

	Certificate Certificate

	Log Log
}

// The values of Database.Driver.
const (
	MySQL  = "mysql"  // the real mode: MySQL 8, or what speaks its protocol
	SQLite = "sqlite" // the embedded mode: a file in DataDir
)

// Database says where the register is kept.
type Database struct {
	Driver   string         // MySQL in the real mode, SQLite when embedded
	Address  string         // host:port, or the absolute path of a Unix socket; see Network
	User     string         // at most 32 characters
	Name     string         // of the schema
	Password Secret         // from password_file; may be absent on loopback or a socket only
	TLS      bool           // default: true, unless Address is on loopback or a socket
	CA       *x509.CertPool // from ca_file; nil: the authorities the system trusts

	MaxOpen     int           // connections at most, in use and idle. Default 32
	MaxIdle     int           // connections kept while idle, ≤ MaxOpen. Default 32, or MaxOpen if that is less
	MaxLifetime time.Duration // age at which a connection is replaced. Default 3m

	DialTimeout   time.Duration // to connect. Default 1s
	AnswerTimeout time.Duration // for what somebody waits for; beyond it the answer is 503. Default 250ms

	ReadTimeout  time.Duration // for one read from the connection. Default 30s
	WriteTimeout time.Duration // for one write to the connection. Default 30s
}

// Network is the network of Address: "unix" for a socket, else "tcp".
func (d Database) Network() string {
	if strings.HasPrefix(d.Address, "/") {
		return "unix"
	}
	return "tcp"
}

// Redis says where facts, fences, sessions, limits and the scan stream are kept. Empty when embedded.
type Redis struct {
	// Addresses are host:port (or one absolute path of a Unix socket): one server, or the Sentinels
	// when MasterName is set, or some nodes of a Cluster.
	Addresses  []string
	MasterName string         // the Sentinels' name for the master. Default empty: no Sentinel
	Cluster    bool           // default: true with several addresses and no MasterName
	Username   string         // default empty: the server's default user
	Password   Secret         // from password_file; may be absent on loopback or a socket only
	DB         int            // default 0, and always 0 on a Cluster
	TLS        bool           // default: true, unless every address is on loopback or a socket
	CA         *x509.CertPool // from ca_file; nil: the authorities the system trusts
	Timeout    time.Duration  // of each step: dial, read, write, wait for a connection. Default 50ms
}

// WeChat is the mini-program's account. Empty when embedded, where a sandbox stands in.
type WeChat struct {
	AppID      string            // wx and 16 letters or digits
	Secret     Secret            // the AppSecret, from secret_file
	CheckFiles map[string]string // name → content of /v/<name>.txt. Default none
	SandboxURL string            // http:// and loopback, instead of WeChat's servers. Default empty
}

// Certificate is what the file of a certificate says of its issuer. Whatever stands here, both seals say 演示.
type Certificate struct {
	Board      string // the issuer's name, on the Board's seal too: 1 to 30 characters. Default 演示注册管理委员会
	Director   string // what its director is called: 1 to 8 characters. Default 主任委员
	TypeCode   string // 证照类型代码 of GB/T 36904, 21 characters. Default: one that nobody has
	IssuerCode string // the issuer's unified social credit code. Default: one that nobody has
}

// Keys are the secrets that make codes and protect personal data. Empty when embedded, where the
// server makes its own below DataDir. No two of them are alike.
type Keys struct {
	CodeDir  string // folder of the private keys that sign the printed codes
	SealDir  string // folder of the keys for the seals on files
	IDNumber Key    // encrypts ID numbers, from id_number_file
	IDIndex  Key    // makes the index by which an ID number is found, from id_index_file
	Image    Key    // encrypts photos and signature images, from image_file
}

// Files says where photos and signature images lie, sealed. Empty when embedded, where they lie below DataDir.
type Files struct {
	URL       string        // file:///absolute/path of a folder that is there, or s3://bucket?region=…
	AccessKey string        // of S3
	SecretKey Secret        // of S3, from secret_key_file
	Timeout   time.Duration // of each call. Default 2s
}

// Images are the numbers by which photos and signature images are measured. The architects' own are not confirmed.
type Images struct {
	UploadMaxKB    int    // of any upload. Default 2048
	PhotoMaxKB     int    // of the photo that is kept. Default 50
	PhotoMinWidth  int    // pixels of an upload. Default 295
	PhotoMinHeight int    // pixels of an upload. Default 413
	PhotoRatio     [2]int // width to height. Default 5:7
	RetentionDays  int    // days after which a refused or replaced image is deleted. Default 183
}

// Session says how long a log-in lasts.
type Session struct {
	TTL           time.Duration // after the log-in, whatever happens. Default 168h
	RetentionDays int           // days after which the record of a log-in is deleted. Default 183
}

// Binding says how often one may try to become a person's holder.
type Binding struct {
	Tries         int           // wrong tries within a day that lock a user, and a person. Default 3
	Lock          time.Duration // how long. Default 30m
	RetentionDays int           // days after which the record of a try is deleted. Default 183
}

// Scan says what is kept of scans.
type Scan struct {
	RetentionDays int // days after which the record of a scan is deleted. Default 183
}

// Limits say how much one actor may ask of all processes together. They are tuning: none decides the mode.
type Limits struct {
	User    Limit // scans of one logged-in user. Default 600/1m
	Address Limit // scans, look-ups and /v/ of one address, which whole offices and carriers share. Default 3000/1m
	Misses  Limit // scans of one logged-in user whose code is not genuine. Default 120/1m
	Lookups Limit // look-ups by number of one address. Default 120/1m
	Login   Limit // log-ins of one address. Default 120/1m
	Uploads Limit // photos and signature images of one user. Default 20/1h
	Files   Limit // files that one address has checked. Default 60/1m

	Certificates Limit // certificates, files and pictures of one user. Default 60/1h

	// Distinct persons that one actor is shown; counted with a standard error of 0.8 %.
	PersonsUser      int // a logged-in user, in a day. Default 300
	PersonsInspector int // an inspector, in a day. Default 3000
	PersonsAddress   int // an address without a log-in, in an hour, for a crowd may share it. Default 500
}

// Limit allows Rate in every Per, and Burst at once after a rest.
type Limit struct {
	Rate  int
	Per   time.Duration
	Burst int // default: Rate
}

// Log says what this process writes about itself, on standard error.
type Log struct {
	Level  slog.Level // the least that is written. Default info
	Format string     // "text" or "json". Default: text when embedded, json otherwise
}

// Prefix is what stands before the digits of every printed code: PublicURL and "/v/".
func (c Config) Prefix() string { return c.PublicURL + "/v/" }

// WithListener returns a copy that listens on addr, the address the system gave for port 0. A
// PublicURL that was derived from Listen follows it, one that was configured stays.
func (c Config) WithListener(addr string) Config {
	if c.PublicURL == derivedURL(c.Listen) {
		c.PublicURL = derivedURL(addr)
	}
	c.Listen = addr
	return c
}
