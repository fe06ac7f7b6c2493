package stand

// Unlimited gives the environment of a server under load: what one user and one address ask there in a second no real
// one ever would. Programs that put a load on a stand append it to Env before Start.
func Unlimited() []string {
	return nil // there are no limits yet, and a server refuses settings that it does not know
}
