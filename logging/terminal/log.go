package terminal

import (
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/charmbracelet/x/term"

	"github.com/strata-go/strata/hooks"
)

// Log shows the lifecycle of one application on a terminal, and passes on what the
// application itself logs so that both can be read. It is made by [New], and may be
// used from any goroutine. A nil Log, and one that New has not made, shows nothing, and
// writing to it is [os.ErrInvalid].
type Log struct {
	out    io.Writer
	screen *screen // nil off a terminal

	// writing has room for the one who writes, and who alone uses the screen. A terminal
	// that is stopped by Ctrl-S takes nothing until Ctrl-Q: no observer waits for that.
	writing chan struct{}

	mu      sync.Mutex // guards what follows; not held while something is written
	story   *story
	text    []byte        // lines of the story that are not written yet
	painted chan struct{} // closed when the painter has ended; nil if there is none
	wake    chan struct{} // has the painter look at once
}

// New returns a Log on file, which is usually [os.Stderr]. If file is no terminal, or
// one that cannot show more than lines (TERM is "dumb" or empty, or the system is
// Windows), the Log shows nothing: its Observer is nil, and what is written to it goes
// to file as it is. If NO_COLOR is set, nothing has a colour. The environment is looked
// at once, here.
func New(file *os.File) *Log {
	switch os.Getenv("TERM") {
	case "", "dumb":
		return &Log{out: file}
	}
	if runtime.GOOS == "windows" || !term.IsTerminal(file.Fd()) {
		return &Log{out: file}
	}
	size := func() (width, height int) {
		width, height, _ = term.GetSize(file.Fd()) // zero if it is not known
		return width, height
	}
	return newLog(file, size, os.Getenv("NO_COLOR") == "")
}

func newLog(out io.Writer, size func() (width, height int), colours bool) *Log {
	return &Log{
		out:     out,
		screen:  &screen{size: size},
		writing: make(chan struct{}, 1),
		story:   newStory(colours),
		wake:    make(chan struct{}, 1),
	}
}

// Observer returns the observer that shows the lifecycle, to be given to
// container.WithLog; nil if there is no terminal to show it on, with which WithLog
// leaves the log as it is.
//
// It never waits for the terminal: what it is told is drawn by a goroutine, which ends
// when there is nothing left to draw.
func (l *Log) Observer() hooks.Observer {
	if !l.live() {
		return nil
	}
	return (*observer)(l)
}

type observer Log

func (o *observer) Observe(event hooks.Event) { (*Log)(o).observe(event) }
func (o *observer) Sync() error               { return (*Log)(o).Sync() }

// Write writes lines of the application itself. On a terminal they stand above the
// picture, if there is one, and after all that the observer was told before; without a
// picture, and off a terminal, p is written as it is. A p that does not end with a
// newline is given one when something follows. As any write to a terminal, it waits
// while that is stopped.
func (l *Log) Write(p []byte) (n int, err error) {
	if l == nil || l.out == nil {
		return 0, os.ErrInvalid
	}
	if !l.live() {
		return l.out.Write(p)
	}
	if err := l.paint(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Sync returns when all that the observer was told is on the terminal: the error is
// that of the terminal. Off a terminal it does nothing. Of [hooks.Observer] and of
// zapcore.WriteSyncer it is the method of this name.
func (l *Log) Sync() error {
	if !l.live() {
		return nil
	}
	err := l.paint(nil)
	l.mu.Lock()
	painted, lives := l.painted, l.story.lives()
	l.mu.Unlock()
	if painted != nil && !lives {
		<-painted
	}
	return err
}

// live reports whether there is a terminal.
func (l *Log) live() bool { return l != nil && l.screen != nil }

// observe notes what happened, and has it drawn.
func (l *Log) observe(event hooks.Event) {
	told := read(event) // may call methods of the application's errors
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, l.story.tell(told)...)
	lives := l.story.lives()
	if len(l.text) == 0 && !lives && l.painted == nil {
		return
	}
	if l.painted == nil {
		l.painted = make(chan struct{})
		go l.paintOn(l.painted)
	}
	if len(l.text) > 0 || !lives { // the rest has time until the next beat
		select {
		case l.wake <- struct{}{}:
		default:
		}
	}
}

// beat is how often the picture is drawn anew, and how old it is when it is first
// drawn: what takes less is over before it could be read.
const beat = 100 * time.Millisecond

// paintOn draws until there is nothing left to draw: as long as something starts or
// stops, time goes on.
func (l *Log) paintOn(painted chan<- struct{}) {
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	for {
		_ = l.paint(nil) // a terminal that is gone is seen by who writes to it
		if l.rests() {
			close(painted)
			return
		}
		select {
		case <-ticker.C:
		case <-l.wake:
		}
	}
}

// rests reports whether there is nothing left to draw: then there is no painter any
// more.
func (l *Log) rests() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.text) > 0 || l.story.lives() {
		return false
	}
	l.painted = nil
	return true
}

// paint brings the terminal up to date, and writes p after the lines of the story.
func (l *Log) paint(p []byte) error {
	l.writing <- struct{}{}
	defer func() { <-l.writing }()
	width, height := l.screen.measure()
	l.mu.Lock()
	text := l.text
	l.text = nil
	picture := l.story.picture(time.Now(), width, height)
	l.mu.Unlock()
	change := l.screen.change(text, p, picture)
	if len(change) == 0 {
		return nil
	}
	_, err := l.out.Write(change)
	return err
}
