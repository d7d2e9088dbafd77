// Package e2e has the tests of whole programs: they build what a user would build, run it as a process of its own, and
// talk to it through its ports, its signals, its log and its exit code.
//
// STRATA_E2E_ROUNDS sets how many rounds the long tests run, a few if it is not set. STRATA_E2E_SEED repeats a run whose seed
// was printed, as far as what was random can be repeated.
package e2e
