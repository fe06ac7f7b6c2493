package config

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
)

// decideMode finds the mode, fills in the defaults that depend on it, and adds a fault for all that
// the real mode lacks or forbids.
func (l *loader) decideMode(c *Config) {
	beyond := c.beyond()
	l.because = l.reasonForReal(beyond)
	if l.because == "" {
		c.Embedded = true
		c.Demo = c.Demo || !l.given("demo")
		c.Database.Driver = SQLite
		c.DataDir = cmp.Or(c.DataDir, "./data")
		c.Log.Format = cmp.Or(c.Log.Format, "text")
		c.PublicURL = cmp.Or(c.PublicURL, derivedURL(c.Listen))
		return
	}
	for _, path := range required {
		if !l.given(path) {
			l.missing(path)
		}
	}
	l.passwordUnlessLocal("database.password_file", "database.address", c.Database.Address)
	l.passwordUnlessLocal("redis.password_file", "redis.addresses", c.Redis.Addresses...)
	if c.Database.Driver == SQLite {
		l.wrongBecause("database.driver", "sqlite is for the embedded mode; production needs mysql")
	}
	if c.Demo {
		l.wrongBecause("demo", "demo data is for the embedded mode; remove it")
	}
	if len(beyond) > 0 && c.WeChat.SandboxURL != "" {
		l.wrongBecause("wechat.sandbox_url", "refused with "+beyond[0]+"; remove it")
	}
	c.Database.Driver = MySQL
	c.Log.Format = cmp.Or(c.Log.Format, "json")
	if !l.given("database.tls") {
		c.Database.TLS = c.Database.CA != nil || !localServer(c.Database.Address)
	}
	if !l.given("redis.tls") {
		c.Redis.TLS = c.Redis.CA != nil || !allLocal(c.Redis.Addresses)
	}
	if !l.given("redis.cluster") {
		c.Redis.Cluster = len(c.Redis.Addresses) > 1 && c.Redis.MasterName == ""
	}
}

// reasonForReal says in words what makes this production; nothing when it is embedded.
func (l *loader) reasonForReal(beyond []string) string {
	if len(beyond) > 0 {
		return beyond[0] + " means production: sandbox, demo data and generated keys are refused"
	}
	for _, s := range table {
		group, _, _ := strings.Cut(s.path, ".")
		// The embedded mode may be named: sqlite is what it has anyway.
		if s.path == "database.driver" && l.values[s.path].text == SQLite {
			continue
		}
		// A proxy passes on what comes from elsewhere, however near it stands itself.
		if l.given(s.path) && (slices.Contains(productionGroups, group) || s.path == "trusted_proxies") {
			return s.path + " is set, which means production and needs all of it"
		}
	}
	return ""
}

// passwordUnlessLocal demands a password for what is, or may be, reached over a network.
func (l *loader) passwordUnlessLocal(path, addressPath string, addresses ...string) {
	local := l.given(addressPath) && !l.broken[addressPath] && allLocal(addresses)
	if !local && !l.given(path) {
		l.missing(path)
	}
}

// allLocal says whether the way to every server stays on this machine.
func allLocal(addresses []string) bool {
	return !slices.ContainsFunc(addresses, func(a string) bool { return !localServer(a) })
}

// checkTogether adds a fault for every two settings that do not go together.
func (l *loader) checkTogether(c *Config) {
	if c.AdminListen != "" && sameListener(c.Listen, c.AdminListen) {
		l.wrongBecause("admin_listen", "must not meet listen, which is open to all; give it another port")
	}
	if !l.given("database.max_idle") {
		c.Database.MaxIdle = min(c.Database.MaxIdle, c.Database.MaxOpen)
	}
	if c.Database.MaxIdle > c.Database.MaxOpen && !l.broken["database.max_open"] {
		l.wrongBecause("database.max_idle", "must not be greater than database.max_open")
	}
	for _, group := range []struct {
		name   string
		ca, on bool
	}{{"database", c.Database.CA != nil, c.Database.TLS}, {"redis", c.Redis.CA != nil, c.Redis.TLS}} {
		if group.ca && !group.on && !l.broken[group.name+".tls"] {
			l.wrongBecause(group.name+".ca_file", "is of no use with "+group.name+".tls false; remove one of them")
		}
	}
	if s3 := strings.HasPrefix(c.Files.URL, "s3:"); s3 {
		for _, path := range []string{"files.access_key", "files.secret_key_file"} {
			if !l.given(path) {
				l.missing(path)
			}
		}
	} else if c.Files.URL != "" && c.Files.AccessKey != "" {
		l.wrongBecause("files.access_key", "is for s3://, and files.url is a folder; remove one of them")
	}
	l.checkRedis(c.Redis)
	l.checkKeys(c.Keys)
}

// checkRedis holds the three kinds apart: one server, Sentinel, Cluster.
func (l *loader) checkRedis(r Redis) {
	several := len(r.Addresses) > 1
	if r.Cluster && r.MasterName != "" {
		l.wrongBecause("redis.master_name", "is for Sentinel, which redis.cluster rules out; remove one of them")
	}
	if several && !l.given("redis.master_name") && !r.Cluster && l.given("redis.cluster") && !l.broken["redis.cluster"] {
		l.wrongBecause("redis.cluster", "several addresses without redis.master_name are a Cluster; remove false, or the addresses")
	}
	if r.Cluster && r.DB != 0 {
		l.wrongBecause("redis.db", "a Cluster has database 0 only")
	}
	socket := slices.ContainsFunc(r.Addresses, func(a string) bool { return strings.HasPrefix(a, "/") })
	if socket && (several || r.Cluster || r.MasterName != "") {
		l.wrongBecause("redis.addresses", "a socket stands alone, without other addresses, Sentinel and Cluster")
	}
}

// checkKeys holds the keys apart: one that leaks must not open what the others protect.
func (l *loader) checkKeys(k Keys) {
	names := []string{"keys.id_number_file", "keys.id_index_file", "keys.image_file"}
	seen := map[[32]byte]string{}
	for i, key := range []Key{k.IDNumber, k.IDIndex, k.Image} {
		if key.value == nil {
			continue
		}
		if first, twice := seen[key.Reveal()]; twice {
			l.wrongBecause(names[i], "holds the same key as "+first+"; each needs its own")
			continue
		}
		seen[key.Reveal()] = names[i]
	}
}

// sameListener says whether two listeners want the same port of the same address.
func sameListener(a, b string) bool {
	hostA, portA, _ := splitAddress(a)
	hostB, portB, _ := splitAddress(b)
	if portA != portB || portA == 0 {
		return false
	}
	return strings.EqualFold(hostA, hostB) || everyAddress(hostA) || everyAddress(hostB) ||
		loopbackHost(hostA) && loopbackHost(hostB)
}

// everyAddress says whether a host means all addresses of the machine.
func everyAddress(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "" || err == nil && ip.Unmap().IsUnspecified()
}

// beyond tells in words what can be reached from beyond this machine; nothing when all is on loopback.
func (c *Config) beyond() (reasons []string) {
	for _, address := range []string{c.Listen, c.AdminListen} {
		if address != "" && !localServer(address) {
			reasons = append(reasons, "listening beyond loopback ("+address+")")
		}
	}
	if c.PublicURL != "" && !loopbackURL(c.PublicURL) {
		reasons = append(reasons, "a public URL beyond loopback ("+c.PublicURL+")")
	}
	if slices.ContainsFunc(c.TrustedProxies, func(p netip.Prefix) bool { return !loopbackPrefix(p) }) {
		reasons = append(reasons, "trusted proxies beyond loopback")
	}
	return reasons
}
