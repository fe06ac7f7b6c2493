package wechat

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/silenceper/wechat/v2/cache"
)

const (
	cachePrefix  = "wechat:"
	cacheTimeout = 250 * time.Millisecond // a lost look-up costs one fetch; nobody should wait longer for it
)

var _ cache.Cache = sharedCache{}

// sharedCache is the SDK's cache over the Redis client of this program, so that all processes share
// one access token. (The SDK's own goes through go-redis v8; its Memory kills the process when it is
// read and written at once.) The interface has no context, hence the time-out here; the client obeys
// it when it is built with ContextTimeoutEnabled.
type sharedCache struct{ rdb redis.UniversalClient }

// Get gives a string, or an untyped nil when there is none or Redis does not answer: the SDK asserts
// val.(string) on anything that is not nil, and fetches anew on nil.
func (c sharedCache) Get(key string) any {
	ctx, cancel := context.WithTimeout(context.Background(), cacheTimeout)
	defer cancel()
	val, err := c.rdb.Get(ctx, cachePrefix+key).Result()
	if err != nil {
		return nil
	}
	return val
}

// Set keeps a string for ttl. It refuses ttl ≤ 0, which to Redis means "for ever" and which the SDK
// computes for a short-lived token, and any other type, which Get could not give back.
func (c sharedCache) Set(key string, val any, ttl time.Duration) error {
	text, ok := val.(string)
	if !ok {
		return fmt.Errorf("wechat: cache: want a string, not %T", val)
	}
	if ttl <= 0 {
		return errors.New("wechat: cache: want a ttl above 0")
	}
	ctx, cancel := context.WithTimeout(context.Background(), cacheTimeout)
	defer cancel()
	return hideText(c.rdb.Set(ctx, cachePrefix+key, text, ttl).Err())
}

// IsExist tells whether the key is there; false when Redis does not answer.
func (c sharedCache) IsExist(key string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), cacheTimeout)
	defer cancel()
	n, err := c.rdb.Exists(ctx, cachePrefix+key).Result()
	return err == nil && n > 0
}

// Delete forgets the key; one that is not there is no error.
func (c sharedCache) Delete(key string) error {
	ctx, cancel := context.WithTimeout(context.Background(), cacheTimeout)
	defer cancel()
	return hideText(c.rdb.Del(ctx, cachePrefix+key).Err())
}

// hideText keeps the type of an error and drops its text: Redis repeats the arguments of a command
// that it refuses, and one of them is an access token.
func hideText(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("wechat: cache: Redis failed (%T)", err)
}
