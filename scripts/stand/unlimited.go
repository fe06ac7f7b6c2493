package stand

// Unlimited gives the environment of a server under load: what one user and one address ask there in a second no real
// one ever would. Programs that put a load on a stand append it to Env before Start.
func Unlimited() []string {
	var env []string
	for _, name := range []string{"USER", "ADDRESS", "MISSES", "LOOKUPS", "LOGIN"} {
		env = append(env, "YANZHENG_LIMITS_"+name+"=100000/1s")
	}
	for _, name := range []string{"USER", "INSPECTOR", "ADDRESS"} {
		env = append(env, "YANZHENG_LIMITS_PERSONS_"+name+"=1000000000")
	}
	return env
}
