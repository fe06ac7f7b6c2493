// Package factcache stands in front of the store and keeps what it said in Redis: the facts behind
// verdicts and the identities behind session tokens. It never keeps a verdict.
//
// Its promise: once a change was propagated, no reader is given what stood before it; whichever one thing breaks, none is
// given it for longer than beatLife; and with Redis away every question is answered by the store. Its one rule: an
// entry counts only while the heartbeat of its own epoch beats, and a fence with a newer version refuses the older
// entry, however late it arrives.
package factcache
