package container_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The differential test gives random programs, of Scope, Provide, Supply, Decorate,
// Invoke and Depend, to an App and to plain dig, runs the App in virtual time, and
// judges it by what the functions of the program were really given: see oracle. A part
// of the programs is given to a plain container in its beginning, which is attached to
// then.
//
// STRATA_PROGRAMS says how many; they are the same each time.
func TestAnAppDoesWhatDigDoesInTheOrderOfTheValues(t *testing.T) {
	programs := programsOf(t, 5000)
	count := make(tally)
	for seed := range uint64(programs) {
		p := drawProgram(seed)
		if judge(t, p, count) == "" {
			continue
		}
		p = smallest(p, func(p program) bool { return judge(t, p, nil) != "" })
		failed := judge(t, p, nil)
		p.normalize()
		t.Fatalf("seed %d: %s\nprogram:\n%v", seed, failed, p)
	}
	t.Log(count)
	if programs >= 5000 {
		if n := count.sum(notJudged); 50*n > programs {
			t.Errorf("%d programs were not judged, of %d", n, programs)
		}
		for _, kind := range kinds {
			if count[kind] == 0 {
				t.Errorf("never: %s", kind)
			}
		}
	}
}

// programsOf returns how many random programs a test is to try: what STRATA_PROGRAMS says,
// else usually so many, and some hundreds where they take long.
func programsOf(t *testing.T, usually int) int {
	if s := os.Getenv("STRATA_PROGRAMS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal("STRATA_PROGRAMS: ", err)
		}
		return n
	}
	if underRace || testing.Short() {
		return 300
	}
	return usually
}

// tally counts what occurred.
type tally map[string]int

func (t tally) add(kind string, n int) {
	if t != nil {
		t[kind] += n
	}
}

// sum is the number of what occurred of the kinds with a prefix.
func (t tally) sum(prefix string) (sum int) {
	for kind, n := range t {
		if strings.HasPrefix(kind, prefix) {
			sum += n
		}
	}
	return sum
}

func (t tally) String() string {
	var b strings.Builder
	for _, kind := range slices.Sorted(maps.Keys(t)) {
		fmt.Fprintf(&b, "\n%8d %s", t[kind], kind)
	}
	return b.String()
}

// notJudged is what the kinds of programs begin with of which nobody can say how they
// have to run. They must be few.
const notJudged = "not judged: "

// kinds are what has to occur.
var kinds = []string{
	"Decorate",
	"Depend",
	"Invoke",
	"Invoke with an error",
	"Invoke without an error",
	"Provide",
	"Scope",
	"Supply",
	"a decorator that failed before Attach",
	"a decorator that failed before ends it",
	"a decorator that failed before ends the build",
	"a cycle that nobody asks for",
	"attached",
	"attached: cannot be called",
	"attached: may wait for more",
	"attached: members of a group that nobody knows apart",
	"before: after what was warned of",
	"before: exact",
	"before: warned of",
	"by dig.As",
	"called again after it had failed",
	"called and not used",
	"chains",
	"chains by Depend or a decorator that stands for another",
	"chains of one constructor",
	"chains through what does not run",
	"construction that failed",
	"cycle",
	"cycle by decorators that stand for others",
	"decorators of which a unit came",
	"dig's false alarm, attached",
	"dig's false alarm: a cycle by soft groups, optional parameters or what is decorated",
	"dig's false alarm: a cycle if there were one scope",
	"dig's false alarm: a cycle of what cannot be built",
	"edges",
	"exported from a scope",
	"flattened",
	"given a group",
	"given a soft group",
	"given a value by name",
	"given a value that shadows another",
	"given an empty soft group",
	"given nothing for an optional parameter",
	"hooks",
	"missing",
	"nil results",
	"refused setup",
	"started by dependency",
	"started by layer",
	"unused",
	"values passed on",
	"values that run behind an interface",
	"waits by Depend",
	"waits for a decorator that stands for what it took",
}

// smallest leaves out of a failing program what it fails without.
func smallest(p program, fails func(program) bool) program {
	for again := true; again; {
		again = false
		for i := range p.Steps {
			for _, simpler := range simplifications(p.Steps[i]) {
				less := p
				less.Steps = slices.Clone(p.Steps)
				if simpler == nil {
					less.Steps = slices.Delete(less.Steps, i, i+1)
				} else {
					less.Steps[i] = simpler
				}
				if fails(less) {
					p, again = less, true
					break
				}
			}
			if again {
				break
			}
		}
	}
	return p
}

// simplifications are a step with something less: nil is no step at all.
func simplifications(s *step) []*step {
	all := []*step{nil}
	try := func(change func(s *step)) {
		less := *s
		change(&less)
		all = append(all, &less)
	}
	for i := range s.In {
		try(func(less *step) { less.In = slices.Delete(slices.Clone(s.In), i, i+1) })
	}
	for i := range s.Out {
		if len(s.Out) > 1 {
			try(func(less *step) { less.Out = slices.Delete(slices.Clone(s.Out), i, i+1) })
		}
	}
	for i, b := range s.In {
		for j := range b.Slots {
			if len(b.Slots) > 1 {
				try(func(less *step) {
					less.In = slices.Clone(s.In)
					less.In[i].Slots = slices.Delete(slices.Clone(b.Slots), j, j+1)
				})
			}
		}
	}
	for i, b := range s.Out {
		for j := range b.Slots {
			if len(b.Slots) > 1 {
				try(func(less *step) {
					less.Out = slices.Clone(s.Out)
					less.Out[i].Slots = slices.Delete(slices.Clone(b.Slots), j, j+1)
				})
			}
			if b.Slots[j].Outcome != fresh {
				try(func(less *step) {
					less.Out = slices.Clone(s.Out)
					less.Out[i].Slots = slices.Clone(b.Slots)
					less.Out[i].Slots[j].Outcome = fresh
				})
			}
		}
	}
	if s.Lifecycle {
		try(func(less *step) { less.Lifecycle, less.Hooks = false, 0 })
	}
	if s.Hooks > 1 {
		try(func(less *step) { less.Hooks = 1 })
	}
	if s.Fails > 0 {
		try(func(less *step) { less.Fails = 0 })
	}
	if s.Export {
		try(func(less *step) { less.Export = false })
	}
	if s.Scope > 0 {
		try(func(less *step) { less.Scope = 0 })
	}
	if len(s.As) > 1 {
		try(func(less *step) { less.As = s.As[:1] })
	}
	return all
}
