package models

import "slices"

// Role is what a user may do beyond scanning, which every logged-in user may.
type Role string

// The roles. RoleHolder follows from being bound to a person, the others are granted.
const (
	RoleInspector Role = "inspector" // 执法、招标、现场检查
	RoleEmployer  Role = "employer"  // an officer of one employer
	RoleHolder    Role = "holder"    // 持证人
	RoleRegistrar Role = "registrar" // 注册管理人员
)

// ParseRole reads a role.
func ParseRole(s string) (Role, error) {
	switch r := Role(s); r {
	case RoleInspector, RoleEmployer, RoleHolder, RoleRegistrar:
		return r, nil
	}
	return "", ErrRole
}

// ErrRoleFollows answers a grant of what is not granted: a holder is who is bound to a person.
var ErrRoleFollows = NewError(KindRule, "role_follows", "持证人角色由本人认证产生，不能授予", "The role of holder follows from being identified; it cannot be granted")

// User is somebody who logged in through WeChat. The openid is kept sealed, with a keyed index to find
// it by; nothing else of WeChat's is kept.
type User struct {
	ID           string  `gorm:"primaryKey"`
	OpenID       string  `gorm:"-"`
	OpenIDSealed []byte  `gorm:"column:openid_sealed"`
	OpenIDIndex  []byte  `gorm:"column:openid_index"`
	Version      int64   // grows with every change of roles or sessions
	CreatedAt    Instant `gorm:"autoCreateTime:false"`
}

// Grant is one role that a registrar gave a user.
type Grant struct {
	UserID    string `gorm:"primaryKey"`
	Role      Role   `gorm:"primaryKey"`
	GrantedBy string
	GrantedAt Instant
}

// Session is one log-in. The token itself is never stored, only its SHA-256.
type Session struct {
	TokenHash []byte `gorm:"primaryKey"`
	UserID    string
	CreatedAt Instant `gorm:"autoCreateTime:false"`
	ExpiresAt Instant
	EndedAt   Instant
	Device    Device
	// LastUsedAt is known to some minutes: who was here is told to the database in batches.
	LastUsedAt Instant
}

// Device is the kind of device that a log-in came from, as far as it said so; empty: it did not.
type Device string

// The kinds of device.
const (
	DeviceIOS     Device = "ios"
	DeviceAndroid Device = "android"
	DeviceHarmony Device = "harmony"
	DeviceWindows Device = "windows"
	DeviceMac     Device = "mac"
	DeviceOther   Device = "other"
)

// Login is the record of one log-in, for its user to see (R12). Network is the address without its last part.
type Login struct {
	ID      int64 `gorm:"primaryKey"`
	UserID  string
	At      Instant
	Device  Device
	Network string
}

// Identity is what a session token stands for: the facts of a session, which may be cached.
type Identity struct {
	UserID    string
	Roles     []Role
	Version   int64 // of the user
	ExpiresAt Instant
}

// ErrRole answers a role that does not exist.
var ErrRole = NewError(KindRule, "role_unknown", "角色未知", "Unknown role")

// Has tells whether the user holds a role.
func (i Identity) Has(r Role) bool { return slices.Contains(i.Roles, r) }
