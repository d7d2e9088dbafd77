//go:build !race

package process_test

const underRace = false
