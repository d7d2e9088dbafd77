package containertest

import (
	"bytes"
	"context"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/internal/explore"
)

// running is an app under way. Its goroutines, and those that they start, have a
// pprof label of its own: so what it leaks can be told from what others do at the
// same time, in a parallel test.
type running struct {
	label string
	done  chan struct{} // closed when RunContext has returned
	err   error         // of RunContext, when done
	took  time.Duration // of RunContext, when done
}

const labelKey = "containertest"

var launched atomic.Int64

// launch runs an app until ctx ends, or it ends by itself.
func launch(ctx context.Context, app *container.App) *running {
	r := &running{
		label: strconv.FormatInt(launched.Add(1), 10),
		done:  make(chan struct{}),
	}
	began := time.Now()
	go func() {
		defer close(r.done)
		pprof.Do(ctx, pprof.Labels(labelKey, r.label), func(ctx context.Context) {
			r.err = app.RunContext(ctx)
			r.took = time.Since(began)
		})
	}()
	return r
}

// leakPatience is how long goroutines may take to end after the app has.
const leakPatience = time.Second

// leaks returns the stacks of the goroutines of an app that has ended, empty if none
// is left.
func (r *running) leaks() string {
	for wait, waited := time.Millisecond, time.Duration(0); ; wait *= 2 {
		stacks := r.stacks()
		if stacks == "" || waited >= leakPatience {
			return stacks
		}
		time.Sleep(wait)
		waited += wait
	}
}

// stacksLimit is how many bytes of stacks are shown.
const stacksLimit = 4 << 10

// stacks returns the stacks of the goroutines that carry the label.
func (r *running) stacks() string {
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		return ""
	}
	label := strconv.Quote(labelKey) + ":" + strconv.Quote(r.label)
	var found strings.Builder
	for goroutine := range strings.SplitSeq(profile.String(), "\n\n") {
		head, frames, _ := strings.Cut(goroutine, "\n#\t")
		if !strings.Contains(head, label) {
			continue
		}
		found.WriteString("#\t" + frames + "\n")
		if found.Len() > stacksLimit {
			return found.String()[:stacksLimit] + "\n..."
		}
	}
	return found.String()
}

// patience is how long an app is waited for, which has limits of its own. One that
// it lacks is taken to be the default.
func patience(l explore.Limits) time.Duration {
	or := func(d, otherwise time.Duration) time.Duration {
		if d == 0 {
			return otherwise
		}
		return d
	}
	return or(l.Start, time.Minute) + or(l.Stop, 25*time.Second) + or(l.Force, 3*time.Second)
}

// grace is what an app may take beyond its limits: to tell its observers, on a busy
// machine.
const grace = 5 * time.Second
