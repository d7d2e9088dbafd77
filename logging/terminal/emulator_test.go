package terminal

import (
	"bytes"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/charmbracelet/x/vt"

	"github.com/strata-go/strata/hooks"
)

// emulator is a terminal that shows what is written to it, as a real one would.
type emulator struct {
	mu            sync.Mutex // guards what follows
	terminal      *vt.Emulator
	written       bytes.Buffer
	width, height int
}

func newEmulator(width, height int) *emulator {
	return &emulator{terminal: vt.NewEmulator(width, height), width: width, height: height}
}

// Write writes p through a line discipline, which has each line begin at the left.
func (e *emulator) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.written.Write(p)
	_, err := e.terminal.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n")))
	return len(p), err
}

// size is what the terminal says of itself.
func (e *emulator) size() (width, height int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.width, e.height
}

func (e *emulator) resize(width, height int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.width, e.height = width, height
	e.terminal.Resize(width, height)
}

// shown returns the lines that a user sees, and can scroll back to, up to the cursor.
func (e *emulator) shown() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var b strings.Builder
	line := func(at func(x int) string) {
		var row strings.Builder
		for x := 0; x < e.width; {
			cell := at(x)
			row.WriteString(cell)
			x += max(1, len([]rune(cell)))
		}
		b.WriteString(strings.TrimRight(row.String(), " ") + "\n")
	}
	for y := range e.terminal.ScrollbackLen() {
		line(func(x int) string {
			if c := e.terminal.ScrollbackCellAt(x, y); c != nil {
				return c.Content
			}
			return " "
		})
	}
	for y := range e.height {
		line(func(x int) string {
			if c := e.terminal.CellAt(x, y); c != nil {
				return c.Content
			}
			return " "
		})
	}
	return strings.TrimRight(b.String(), "\n ") + "\n"
}

// raw returns all that was written.
func (e *emulator) raw() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.written.String()
}

// bubble runs a test in synctest's time, with a Log on a terminal. Afterwards all is
// written, and the Log's goroutine has ended.
func bubble(t *testing.T, width, height int, f func(e *emulator, l *Log)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e := newEmulator(width, height)
		l := newLog(e, e.size, false)
		f(e, l)
		synctest.Wait()
		if !e.visible() {
			t.Error("the cursor is hidden")
		}
		if l.painted != nil {
			t.Error("it goes on painting")
		}
	})
}

func (e *emulator) visible() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.terminal.CursorHidden()
}

// nothing is what an empty terminal shows.
const nothing = "\n\n"

// wantShown checks what the terminal shows, once all is written.
func wantShown(t *testing.T, e *emulator, want string) {
	t.Helper()
	synctest.Wait()
	if got := unnumbered(e.shown()); got != strings.TrimPrefix(want, "\n") {
		t.Errorf("it shows\n%s\nwant%s", got, want)
	}
}

// unnumbered returns text without the numbers of lines of the tests.
func unnumbered(text string) string {
	return regexp.MustCompile(`(_test\.go:)\d+`).ReplaceAllString(text, "${1}N")
}

func tell(l *Log, events ...hooks.Event) {
	for _, e := range events {
		l.Observer().Observe(e)
	}
}
