//go:build !race

package picture

// underRace tells whether the race detector watches. Nothing here runs beside anything else, and it makes pixels ten times as
// slow, so the tests of many pixels run without it: scripts/test runs this package both ways.
const underRace = false
