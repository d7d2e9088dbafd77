package hooks

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Chain is why a unit waits for another one: the shortest chain of constructors through which the first depends on the
// second.
type Chain struct {
	// Unit is the name of the unit that waits.
	Unit string
	// DependsOn is the name of the unit that it waits for.
	DependsOn string
	// Links are the constructors, from that of the first unit to that of the second. Where one constructor makes both,
	// there is one link.
	Links []Link
}

// Link is a constructor in a chain. It may also be a decorator, or a function that was invoked.
type Link struct {
	// Constructor is the function, as [Unit].Constructor has it: "stock.NewCache (cache.go:7)".
	Constructor string
	// File is the whole path of the file in which it stands, as the compiler was given it, and Line the line there; empty
	// and 0 if that is not known.
	File string
	Line int
	// Takes is what it takes from the next link, in dig's notation, like *sql.DB[name="ro"]; empty for the last link, and
	// where it waits for the next one in another way.
	Takes string
	// Text is its part of the sentence that the chain is: "which stock.NewCache (cache.go:7) builds from *store.Store".
	// That of the last link may be empty, if the one before has said all.
	Text string
}

// String returns the chain as a sentence without a full stop:
//
//	*api.Server waits for *store.Store because api.NewServer (api.go:12) takes *stock.Cache,
//	which stock.NewCache (cache.go:7) builds from *store.Store, which store.Open (store.go:9) makes
//
// on one line. Without links it does not say why.
func (c Chain) String() string {
	var texts []string
	for _, l := range c.Links {
		if l.Text != "" {
			texts = append(texts, l.Text)
		}
	}
	sentence := shown(c.Unit) + " waits for " + shown(c.DependsOn)
	if len(texts) == 0 {
		return sentence
	}
	return sentence + " because " + strings.Join(texts, ", ")
}

// Explain says what a unit waits for, and why: for each unit in DependsOn, in that order, a line with a sentence as
// that of [Chain.String]. For a unit that waits for nothing the line says so. If units start [ByLayer] a last line
// says which layer the unit waits for besides, unless it is in the first. The text ends with a newline.
//
// A plan without Chains, as an event has it or somebody has put it together, tells what the unit waits for, and not
// why. A name that no unit has is an error, which names those that are close.
func (p *Plan) Explain(unit string) (string, error) {
	if p == nil {
		return "", errors.New("there is no plan")
	}
	for i, layer := range p.Layers {
		for _, u := range layer {
			if u.Name == unit {
				return p.explain(u, i), nil
			}
		}
	}
	return "", p.unknown(unit)
}

func (p *Plan) explain(u Unit, layer int) string {
	var b strings.Builder
	for _, dependency := range u.DependsOn {
		chain := Chain{Unit: u.Name, DependsOn: dependency}
		for _, c := range p.Chains {
			if c.Unit == u.Name && c.DependsOn == dependency {
				chain = c
				break
			}
		}
		b.WriteString(chain.String() + "\n")
	}
	if len(u.DependsOn) == 0 {
		b.WriteString(shown(u.Name) + " waits for nothing\n")
	}
	if p.Schedule == ByLayer && layer > 0 {
		fmt.Fprintf(&b, "%s is in layer %d, which starts when all of layer %d is ready\n", shown(u.Name), layer, layer-1)
	}
	return b.String()
}

// unknown is the error for a name that no unit has.
func (p *Plan) unknown(name string) error {
	type near struct {
		name     string
		distance int
	}
	var all []near
	for _, layer := range p.Layers {
		for _, u := range layer {
			if d, ok := nearness(name, u.Name); ok {
				all = append(all, near{u.Name, d})
			}
		}
	}
	slices.SortStableFunc(all, func(x, y near) int { return cmp.Compare(x.distance, y.distance) })
	var names []string
	for _, n := range all[:min(len(all), 3)] {
		names = append(names, fmt.Sprintf("%q", n.name))
	}
	if len(names) == 0 {
		return fmt.Errorf("the plan has no unit %q", name)
	}
	return fmt.Errorf("the plan has no unit %q; did you mean %s?", name, strings.Join(names, " or "))
}

// nearness returns in how many characters a name differs from what was asked for, whatever the case, and whether it may
// have been meant: that is if there are few, or if what was asked for is a part of it.
func nearness(asked, name string) (distance int, ok bool) {
	a, n := []rune(strings.ToLower(asked)), []rune(strings.ToLower(name))
	longer := max(len(a), len(n)) - min(len(a), len(n))
	limit := max(len(a), len(n)) / 4
	if len(a) > 0 && strings.Contains(string(n), string(a)) {
		return longer, true
	}
	if longer > limit || len(a) == 0 {
		return 0, false
	}
	// Levenshtein's, a row at a time.
	row := make([]int, len(n)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range n {
			changed := diagonal
			if a[i] != n[j] {
				changed++
			}
			diagonal = row[j+1]
			row[j+1] = min(changed, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(n)], row[len(n)] <= limit
}
