package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"yanzheng/internal/store"
	"yanzheng/scripts/stand"
)

// installation is one database with its keys, people and codes; every phase runs its own servers and its own Redis on it.
type installation struct {
	*stand.Stand
	store  *store.Store // the checker's own way to it
	prefix string       // what stands before the digits on every code
	digits []string     // of the code of the registration stand.Number(i+1)
	used   int          // how many of them phases have taken
}

// install sets one up with so many people.
func install(ctx context.Context, people int) (in *installation, err error) {
	in = &installation{}
	if in.Stand, err = stand.New(ctx); err != nil {
		return in, err
	}
	in.prefix = in.URL + "/v/"
	if in.store, err = openStore(ctx, in.Env); err != nil {
		return in, err
	}
	if err := in.issue(ctx, people); err != nil {
		return in, err
	}
	if _, err = in.Start(ctx); err != nil { // for the log-in alone: its token is good at every server
		return in, err
	}
	return in, in.Stop()
}

func (in *installation) close() {
	if in.store != nil {
		_ = in.store.Close()
	}
	in.Close()
}

// issue imports people and issues a code for each.
func (in *installation) issue(ctx context.Context, people int) error {
	file, list := filepath.Join(in.Dir, "people.csv"), filepath.Join(in.Dir, "numbers")
	if err := stand.WritePeople(file, people); err != nil {
		return err
	}
	if _, err := in.CLI(ctx, "import", file); err != nil {
		return err
	}
	var numbers bytes.Buffer
	for i := range people {
		fmt.Fprintln(&numbers, stand.Number(i+1))
	}
	if err := os.WriteFile(list, numbers.Bytes(), 0o600); err != nil {
		return err
	}
	out, err := in.CLI(ctx, "issue-code", "--json", "--from-file", list)
	if err != nil {
		return err
	}
	for line := range strings.Lines(out) {
		var issued struct{ Code string }
		if err := json.Unmarshal([]byte(line), &issued); err != nil {
			return err
		}
		in.digits = append(in.digits, strings.TrimPrefix(issued.Code, in.prefix))
	}
	return nil
}

// setting gives one setting of an environment; as in the real one, the last counts.
func setting(env []string, name string) (value string) {
	for _, s := range env {
		if v, ok := strings.CutPrefix(s, "YANZHENG_"+name+"="); ok {
			value = v
		}
	}
	return value
}

// openStore opens the database that an installation's environment names, as its server would.
func openStore(ctx context.Context, env []string) (*store.Store, error) {
	o := store.Options{
		Driver: "mysql", Network: "tcp",
		Address: setting(env, "DATABASE_ADDRESS"), User: setting(env, "DATABASE_USER"), Name: setting(env, "DATABASE_NAME"),
		MaxOpen: 32, MaxIdle: 32, MaxLifetime: time.Hour,
		DialTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second,
	}
	password, err := secret(env, "DATABASE_PASSWORD_FILE")
	if err != nil {
		return nil, err
	}
	o.Password = password
	for name, key := range map[string]*[32]byte{"KEYS_ID_NUMBER_FILE": &o.Keys.Seal, "KEYS_ID_INDEX_FILE": &o.Keys.Index} {
		text, err := secret(env, name)
		if err != nil {
			return nil, err
		}
		if n, err := hex.Decode(key[:], []byte(text)); err != nil || n != len(key) {
			return nil, fmt.Errorf("%s: not a key", name)
		}
	}
	return store.Open(ctx, o)
}

// secret reads the file that a setting names.
func secret(env []string, name string) (string, error) {
	raw, err := os.ReadFile(setting(env, name)) //nolint:gosec // a path of ours
	return strings.TrimSpace(string(raw)), err
}
