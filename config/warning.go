package config

import (
	"fmt"
	"strings"
)

// longestPrefix is the length up to which a printed code is a QR code of version 6.
const longestPrefix = 28

// shortestRetention is half a year, the least for which the Cybersecurity Law (Article 21) asks that
// network logs be kept.
const shortestRetention = 183

// Warnings tells in words what is allowed and yet seldom meant, one sentence each; to be logged at
// the start. No warning holds a secret.
func (c Config) Warnings() []string {
	var all []string
	warn := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if n := len(c.Prefix()); n > longestPrefix {
		warn("public_url: the prefix of the printed code is %d characters long, more than %d: "+
			"the QR code on the certificate becomes version 7 instead of 6, with smaller modules", n, longestPrefix)
	}
	if c.AdminListen != "" && !localServer(c.AdminListen) {
		warn("admin_listen: the administration listener is open beyond loopback and asks nobody who they are; " +
			"keep it on a network that only operators reach")
	}
	if c.Scan.RetentionDays < shortestRetention {
		warn("scan.retention_days: less than the %d days for which the Cybersecurity Law asks", shortestRetention)
	}
	if c.Embedded {
		return all
	}
	if len(c.TrustedProxies) == 0 && strings.HasPrefix(c.PublicURL, "https://") {
		warn("trusted_proxies: none, although something in front ends TLS: everybody then has its address, " +
			"and the limits of one address hold for all together")
	}
	if !c.Database.TLS && !localServer(c.Database.Address) {
		warn("database.tls: off, and the database is not on this machine: personal data crosses the network in the clear")
	}
	if !c.Redis.TLS && !allLocal(c.Redis.Addresses) {
		warn("redis.tls: off, and Redis is not on this machine: its password and registrations cross the network in the clear")
	}
	if c.Redis.Timeout > c.Database.AnswerTimeout/4 {
		warn("redis.timeout: more than a quarter of database.answer_timeout: whoever waits for a silent Redis has no time left " +
			"for the database, and is told to come back")
	}
	if c.WeChat.SandboxURL != "" {
		warn("wechat.sandbox_url: log-ins are answered by a sandbox, not by WeChat")
	}
	return all
}
