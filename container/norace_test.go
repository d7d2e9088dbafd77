//go:build !race

package container_test

const underRace = false
