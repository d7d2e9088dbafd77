package terminal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/strata-go/strata/hooks"
)

func TestOffATerminalNothingIsShown(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	t.Setenv("TERM", "xterm")
	l := New(file)
	if o := l.Observer(); o != nil {
		t.Errorf("there is an observer: %T", o)
	}
	if n, err := l.Write([]byte("half a line")); n != 11 || err != nil {
		t.Errorf("wrote %d bytes, %v", n, err)
	}
	if err := l.Sync(); err != nil {
		t.Error(err)
	}
	if written, err := os.ReadFile(file.Name()); string(written) != "half a line" {
		t.Errorf("written: %q, %v", written, err)
	}
}

func TestWithoutAFileThereIsNoTerminal(t *testing.T) {
	for name, l := range map[string]*Log{"a nil file": New(nil), "a nil Log": nil, "a Log that was not made": {}} {
		t.Run(name, func(t *testing.T) {
			if l.Observer() != nil {
				t.Error("there is an observer")
			}
			if _, err := l.Write([]byte("lost")); !errors.Is(err, os.ErrInvalid) {
				t.Errorf("the error is %v", err)
			}
			if err := l.Sync(); err != nil {
				t.Error(err)
			}
		})
	}
}

// The lines of the app stand above the picture, whole, and after what happened before.
func TestLinesOfTheAppStandAboveThePicture(t *testing.T) {
	bubble(t, 60, 8, func(e *emulator, l *Log) {
		core := zapcore.NewCore(zapcore.NewConsoleEncoder(zapcore.EncoderConfig{MessageKey: "m"}), l, zapcore.InfoLevel)
		logger := zap.New(core)
		a := app{l}
		logger.Info("before")
		a.starts("*store.Store")
		time.Sleep(time.Second)
		logger.Info("while it starts, and so long that the terminal has to wrap it")
		fmt.Fprint(l, "half a line")
		fmt.Fprint(l, "\nand another\n")
		tell(l, hooks.Misuse{At: time.Now(), Err: errors.New("happened before")})
		logger.Info("after")
		wantShown(t, e, `
before
while it starts, and so long that the terminal has to wrap i
t
half a line

and another
00:00:01  warning   happened before
after
starting [------------------------------] 0/1  1.0s
  *store.Store    1.0s
`)
		a.stopped(0, nil)
	})
}

func TestManyMayWriteAtOnce(t *testing.T) {
	bubble(t, 60, 8, func(e *emulator, l *Log) {
		a := app{l}
		a.starts("*store.Store")
		time.Sleep(time.Second)
		var writers sync.WaitGroup
		for i := range 10 {
			writers.Go(func() {
				for j := range 100 {
					fmt.Fprintf(l, "line %d of writer %d\n", j, i)
					if j%10 == 0 {
						time.Sleep(beat)
					}
				}
			})
		}
		for i := range 20 {
			tell(l, hooks.Misuse{At: time.Now(), Err: fmt.Errorf("mistake %d", i)})
			time.Sleep(beat / 2)
		}
		writers.Wait()
		a.stopped(0, nil)
		synctest.Wait()
		lines := make(map[string]int)
		for line := range strings.Lines(e.shown()) {
			lines[line]++
		}
		if len(lines) != 1000+20+1 {
			t.Errorf("%d different lines", len(lines))
		}
		for line, n := range lines {
			if n != 1 {
				t.Errorf("%d times %q", n, line)
			}
		}
	})
}

// Without a picture what is written is not touched: no control characters.
func TestAQuietLogOnlyPassesOn(t *testing.T) {
	bubble(t, 60, 8, func(e *emulator, l *Log) {
		for _, text := range []string{"a", "b\n", "\x1b[31mred\x1b[m\n", "> "} {
			fmt.Fprint(l, text)
		}
		if want := "ab\n\x1b[31mred\x1b[m\n> "; e.raw() != want {
			t.Errorf("written: %q, want %q", e.raw(), want)
		}
		tell(l, hooks.Misuse{Err: errors.New("on a line of its own")})
		wantShown(t, e, `
ab
red
>
00:00:00  warning   on a line of its own
`)
	})
}

func TestWritingNothingIsHarmless(t *testing.T) {
	bubble(t, 60, 8, func(e *emulator, l *Log) {
		if n, err := l.Write(nil); n != 0 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		if e.raw() != "" {
			t.Errorf("written: %q", e.raw())
		}
	})
}

// The terminal shows a key that is pressed where the cursor stands.
func TestTheKeyThatStopsItIsNotLeftOnTheScreen(t *testing.T) {
	bubble(t, 60, 8, func(e *emulator, l *Log) {
		a := app{l}
		a.starts("*store.Store")
		a.unitStarted("*store.Store", 0)
		a.started(0)
		synctest.Wait()
		fmt.Fprint(e, "^C")
		a.interrupt()
		a.unitStopping("*store.Store")
		time.Sleep(time.Second)
		fmt.Fprint(e, "^C")
		time.Sleep(time.Second)
		wantShown(t, e, `
00:00:00  started   1 unit in 0s
stopping [---------------------------] 0/1  2.0s  interrupt
  *store.Store    2.0s
`)
		a.stopped(0, nil)
	})
}

// A terminal that becomes narrower, or wider, loses no line that was written to stay.
func TestResizingLosesNoLine(t *testing.T) {
	bubble(t, 60, 24, func(e *emulator, l *Log) {
		a := app{l}
		fmt.Fprint(l, "the first\n")
		a.starts("*store.Store", "*outbox.Outbox", "*api.Server")
		for i, width := range []int{60, 30, 20, 80, 60} {
			e.resize(width, 24)
			time.Sleep(time.Second)
			fmt.Fprintf(l, "line %d\n", i)
		}
		wantShown(t, e, `
the first
line 0
line 1
line 2
line 3
line 4
starting [------------------------------] 0/3  5.0s
  *store.Store      5.0s
  *outbox.Outbox    5.0s
  *api.Server       5.0s
`)
		a.stopped(0, nil)
		synctest.Wait()
		wantEnd(t, e, `
line 4
00:00:05  stopped   before the start
`)
	})
}

// What a terminal that has become lower has above it is out of reach.
func TestThePictureIsDrawnNoHigherThanTheTerminal(t *testing.T) {
	height := 10
	s := &screen{size: func() (int, int) { return 80, height }}
	s.measure()
	s.change(nil, nil, []string{"a", "b", "c", "d"})
	height = 3
	s.measure()
	if got, want := string(s.change(nil, nil, []string{"e", "f"})), "\r\x1b[2Ae\x1b[K\r\nf\x1b[K\r\n\x1b[J"; got != want {
		t.Errorf("written %q, want %q", got, want)
	}
}

func TestATerminalThatDoesNotKnowItsSizeIsOfTheUsualOne(t *testing.T) {
	bubble(t, 80, 24, func(e *emulator, l *Log) {
		e.width, e.height = 0, 0
		app{l}.starts("*store.Store")
		time.Sleep(time.Second)
		synctest.Wait()
		e.width, e.height = 80, 24
		wantShown(t, e, `
starting [------------------------------] 0/1  1.0s
  *store.Store    1.0s
`)
		app{l}.stopped(0, nil)
	})
}

// stalled is a terminal that takes nothing until it is released, as after Ctrl-S.
type stalled struct {
	*emulator
	release chan struct{}
}

func (s *stalled) Write(p []byte) (int, error) {
	<-s.release
	return s.emulator.Write(p)
}

func TestAStoppedTerminalDoesNotStopTheApp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEmulator(80, 24)
		held := &stalled{e, make(chan struct{})}
		l := newLog(held, e.size, false)
		a := app{l}
		began := time.Now()
		a.starts("*store.Store")
		time.Sleep(time.Second)
		a.unitFails("*store.Store", errors.New("broken"))
		a.unitStopped("*store.Store", errors.New("broken"))
		a.stopped(0, errors.New("broken"))
		if took := time.Since(began); took != time.Second {
			t.Errorf("it took %v", took)
		}
		written := make(chan error)
		go func() { written <- l.Sync() }()
		synctest.Wait()
		select {
		case <-written:
			t.Error("synced")
		default:
		}
		close(held.release)
		if err := <-written; err != nil {
			t.Error(err)
		}
		wantShown(t, e, `
00:00:01  error     broken
00:00:01  stopped   1 unit in 0s during the start: *store.Store failed
`)
	})
}

func TestSyncWritesAllThatWasTold(t *testing.T) {
	bubble(t, 80, 24, func(e *emulator, l *Log) {
		for i := range 100 {
			tell(l, hooks.Misuse{Err: fmt.Errorf("mistake %d", i)})
		}
		if err := l.Observer().(interface{ Sync() error }).Sync(); err != nil {
			t.Error(err)
		}
		if n := strings.Count(e.raw(), "mistake"); n != 100 {
			t.Errorf("%d are written", n)
		}
	})
}

// gone is a terminal that was closed.
type gone struct{ bytes.Buffer }

func (*gone) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestATerminalThatIsGoneIsToldOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog(new(gone), newEmulator(80, 24).size, false)
		app{l}.starts("*store.Store")
		time.Sleep(time.Second)
		if n, err := l.Write([]byte("lost\n")); n != 0 || !errors.Is(err, os.ErrClosed) {
			t.Errorf("%d, %v", n, err)
		}
		app{l}.stopped(0, nil)
	})
}

func TestColours(t *testing.T) {
	for colours, want := range map[bool]string{true: "\x1b[31merror\x1b[m", false: "error"} {
		synctest.Test(t, func(t *testing.T) {
			e := newEmulator(80, 24)
			l := newLog(e, e.size, colours)
			tell(l, hooks.UnitFailed{Cause: errors.New("broken")})
			synctest.Wait()
			if line := "00:00:00  " + want + "     broken\r\n"; !strings.Contains(e.raw(), line) {
				t.Errorf("written: %q", e.raw())
			}
		})
	}
}

// One Log shows one app after the other.
func TestAfterTheEndItBeginsAnew(t *testing.T) {
	bubble(t, 80, 24, func(e *emulator, l *Log) {
		a := app{l}
		for range 2 {
			a.starts("*store.Store")
			time.Sleep(time.Second)
			a.unitFails("*store.Store", errors.New("broken"))
			a.unitStopped("*store.Store", errors.New("broken"))
			a.stopped(0, errors.New("broken"))
		}
		wantShown(t, e, `
00:00:01  error     broken
00:00:01  stopped   1 unit in 0s during the start: *store.Store failed
00:00:02  error     broken
00:00:02  stopped   1 unit in 0s during the start: *store.Store failed
`)
	})
}
