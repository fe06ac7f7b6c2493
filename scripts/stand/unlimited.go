package stand

// Unlimited gives the environment of a server under load: what one user and one address ask there in a second no real
// one ever would, so the limits are as wide as the settings allow. Programs that put a load on a stand append it to Env
// before Start.
func Unlimited() []string {
	const often, persons = "100000/1s", "1000000000"
	return []string{
		"YANZHENG_LIMITS_USER=" + often, "YANZHENG_LIMITS_ADDRESS=" + often,
		"YANZHENG_LIMITS_MISSES=" + often, "YANZHENG_LIMITS_LOOKUPS=" + often,
		"YANZHENG_LIMITS_LOGIN=" + often, "YANZHENG_LIMITS_UPLOADS=" + often, "YANZHENG_LIMITS_FILES=" + often, "YANZHENG_LIMITS_CERTIFICATES=" + often,
		"YANZHENG_LIMITS_PERSONS_USER=" + persons, "YANZHENG_LIMITS_PERSONS_INSPECTOR=" + persons,
		"YANZHENG_LIMITS_PERSONS_ADDRESS=" + persons,
	}
}
