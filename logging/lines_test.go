package logging

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

var (
	at        = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)
	errBroken = errors.New("broken")
	server    = hooks.Unit{
		Name: "*shop.Server", Type: "*shop.Server", Constructor: "shop.(*Factory).NewServer (server.go:42)",
		DependsOn: []string{"*shop.Database", "warm up"},
	}
	hook = hooks.Unit{Name: "warm up", Constructor: "shop.NewCache (cache.go:7)"}
	plan = hooks.Plan{Layers: [][]hooks.Unit{{{Name: "*shop.Database"}, hook}, {server}}}
)

const serverKeys = `"unit":"*shop.Server","constructor":"shop.(*Factory).NewServer","location":"server.go:42"`

// lines has each event of package hooks in its kinds, and its line: as JSON, with durations in nanoseconds.
var lines = []struct {
	event hooks.Event
	want  string
}{
	{
		hooks.Provided{At: at, Constructor: "shop.NewServer", Location: "server.go:42", Results: []string{"*shop.Server", "shop.Route[group=routes]"}},
		`"DEBUG","msg":"provide","constructor":"shop.NewServer","location":"server.go:42","results":["*shop.Server","shop.Route[group=routes]"]`,
	}, {
		hooks.Provided{At: at, Constructor: "shop.NewServer", Location: "server.go:42", Scope: "admin", Err: errBroken},
		`"ERROR","msg":"provide","constructor":"shop.NewServer","location":"server.go:42","scope":"admin","error":"broken"`,
	}, {
		hooks.Decorated{At: at, Decorator: "shop.WithTracing", Location: "tracing.go:12", Scope: "admin", Results: []string{"*shop.Server"}},
		`"DEBUG","msg":"decorate","decorator":"shop.WithTracing","location":"tracing.go:12","scope":"admin","results":["*shop.Server"]`,
	}, {
		hooks.Decorated{At: at, Decorator: "shop.WithTracing", Location: "tracing.go:12", Err: errBroken},
		`"ERROR","msg":"decorate","decorator":"shop.WithTracing","location":"tracing.go:12","error":"broken"`,
	}, {
		hooks.Supplied{At: at, Types: []string{"shop.Config"}},
		`"DEBUG","msg":"supply","types":["shop.Config"]`,
	}, {
		hooks.Supplied{At: at, Scope: "admin", Types: []string{"shop.Config"}},
		`"DEBUG","msg":"supply","scope":"admin","types":["shop.Config"]`,
	}, {
		hooks.Supplied{At: at, Types: []string{"error"}, Err: errBroken},
		`"ERROR","msg":"supply","types":["error"],"error":"broken"`,
	}, {
		hooks.Invoked{At: at, Function: "main.migrate", Location: "main.go:30", Took: 2 * time.Second},
		`"DEBUG","msg":"invoke","function":"main.migrate","location":"main.go:30","took":2000000000`,
	}, {
		hooks.Invoked{At: at, Function: "main.migrate", Location: "main.go:30", Scope: "admin", Err: errBroken},
		`"DEBUG","msg":"invoke","function":"main.migrate","location":"main.go:30","scope":"admin","took":0,"error":"broken"`,
	}, {
		hooks.Constructed{At: at, Constructor: "shop.NewServer", Location: "server.go:42", Took: time.Second - 1},
		`"DEBUG","msg":"construct","constructor":"shop.NewServer","location":"server.go:42","took":999999999`,
	}, {
		hooks.Constructed{At: at, Constructor: "shop.NewServer", Location: "server.go:42", Scope: "admin", Took: time.Second},
		`"INFO","msg":"construct","constructor":"shop.NewServer","location":"server.go:42","scope":"admin","took":1000000000`,
	}, {
		hooks.Constructed{At: at, Constructor: "shop.NewServer", Location: "server.go:42", Took: 1, Err: errBroken},
		`"ERROR","msg":"construct","constructor":"shop.NewServer","location":"server.go:42","took":1,"error":"broken"`,
	}, {
		hooks.Planned{At: at, Plan: &plan},
		`"INFO","msg":"plan","schedule":"by layer","unit_count":3,"layer_count":2,"layers":[["*shop.Database","warm up"],["*shop.Server"]]`,
	}, {
		hooks.Planned{At: at, Plan: &hooks.Plan{
			Schedule: hooks.ByDependency, Layers: [][]hooks.Unit{{hook}, {}}, Unused: []string{"shop.NewDebug (debug.go:1)"}, Warnings: []string{"watch out"},
		}},
		`"WARN","msg":"plan","schedule":"by dependency","unit_count":1,"layer_count":2,"layers":[["warm up"],[]],"unused":["shop.NewDebug (debug.go:1)"],"warnings":["watch out"]`,
	}, {
		hooks.Planned{At: at},
		`"INFO","msg":"plan"`,
	}, {
		hooks.AppStarting{At: at, Units: 3, Layers: 2},
		`"DEBUG","msg":"app starting","unit_count":3,"layer_count":2`,
	}, {
		hooks.UnitStarting{At: at, Unit: server, Layer: 1, Value: hostile{}},
		`"DEBUG","msg":"unit starting",` + serverKeys + `,"layer":1,"depends_on":["*shop.Database","warm up"]`,
	}, {
		hooks.UnitStarted{At: at, Unit: hook, Took: time.Millisecond},
		`"DEBUG","msg":"unit started","unit":"warm up","constructor":"shop.NewCache","location":"cache.go:7","layer":0,"took":1000000`,
	}, {
		hooks.UnitStarted{At: at, Unit: server, Layer: 1, Took: time.Second},
		`"INFO","msg":"unit started",` + serverKeys + `,"layer":1,"took":1000000000`,
	}, {
		hooks.StillStarting{At: at, Took: 5 * time.Second, Pending: []hooks.Pending{
			{Unit: "*shop.Database", For: 4 * time.Second, Holds: []string{"*shop.Server"}}, {Unit: "warm up", For: time.Second},
		}},
		`"WARN","msg":"still starting","took":5000000000,"pending":[{"unit":"*shop.Database","for":4000000000,"holds":["*shop.Server"]},{"unit":"warm up","for":1000000000}]`,
	}, {
		hooks.AppStarted{At: at, Took: 3, Critical: []hooks.Step{{Unit: "*shop.Database", Took: 1}, {Unit: "*shop.Server", Took: 2}}},
		`"INFO","msg":"app started","took":3,"critical":[{"unit":"*shop.Database","took":1},{"unit":"*shop.Server","took":2}]`,
	}, {
		hooks.AppStopping{At: at, Why: hooks.WhySignal, Signal: syscall.SIGTERM},
		`"INFO","msg":"app stopping","why":"signal","signal":"terminated"`,
	}, {
		hooks.AppStopping{At: at, Why: hooks.WhyFailure, Unit: "*shop.Server", Cause: errBroken},
		`"INFO","msg":"app stopping","why":"failure","unit":"*shop.Server"`,
	}, {
		hooks.Draining{At: at, Delay: 5 * time.Second},
		`"INFO","msg":"draining","delay":5000000000`,
	}, {
		hooks.UnitStopping{At: at, Unit: hooks.Unit{Name: "api", Type: server.Type, Constructor: server.Constructor}, Layer: 1},
		`"DEBUG","msg":"unit stopping","unit":"api","type":"*shop.Server","constructor":"shop.(*Factory).NewServer","location":"server.go:42","layer":1`,
	}, {
		hooks.UnitStopping{At: at, Unit: server, Layer: 1},
		`"DEBUG","msg":"unit stopping",` + serverKeys + `,"layer":1`,
	}, {
		hooks.UnitStopped{At: at, Unit: server, Layer: 1, Took: 1},
		`"DEBUG","msg":"unit stopped",` + serverKeys + `,"layer":1,"took":1`,
	}, {
		hooks.UnitStopped{At: at, Unit: server, Layer: 1, Took: time.Minute},
		`"INFO","msg":"unit stopped",` + serverKeys + `,"layer":1,"took":60000000000`,
	}, {
		hooks.UnitStopped{At: at, Unit: server, Layer: 1, Took: time.Minute, Forced: true},
		`"WARN","msg":"unit stopped",` + serverKeys + `,"layer":1,"took":60000000000,"forced":true`,
	}, {
		hooks.UnitStopped{At: at, Unit: server, Layer: 1, Took: 1, Err: errBroken, Forced: true},
		`"ERROR","msg":"unit stopped",` + serverKeys + `,"layer":1,"took":1,"forced":true,"error":"broken"`,
	}, {
		hooks.UnitFailed{At: at, Unit: server, Layer: 1, Phase: hooks.PhaseStart, Cause: errBroken},
		`"ERROR","msg":"unit failed",` + serverKeys + `,"layer":1,"phase":"start","error":"broken"`,
	}, {
		hooks.UnitFailed{At: at, Unit: server, Layer: 1, Phase: hooks.PhaseRun, Cause: panicked{&process.PanicError{Value: 1, Stack: []byte("goroutine 1\nmain.main()\n")}}},
		`"ERROR","msg":"unit failed",` + serverKeys + `,"layer":1,"phase":"run","error":"wrapped","stack":"goroutine 1\nmain.main()\n"`,
	}, {
		hooks.UnitFailed{At: at, Unit: server, Layer: 1, Phase: hooks.PhaseRun},
		`"DEBUG","msg":"unit ended",` + serverKeys + `,"layer":1,"phase":"run"`,
	}, {
		hooks.UnitReported{At: at, Unit: hook, Value: "restarted"},
		`"INFO","msg":"unit report","unit":"warm up","constructor":"shop.NewCache","location":"cache.go:7","layer":0,"report":"restarted"`,
	}, {
		hooks.StillStopping{At: at, Took: 5, Pending: []hooks.Pending{{Unit: "*shop.Server", For: 4, Holds: []string{"*shop.Database"}}}},
		`"WARN","msg":"still stopping","took":5,"pending":[{"unit":"*shop.Server","for":4,"holds":["*shop.Database"]}]`,
	}, {
		hooks.Stuck{At: at, Units: []hooks.StuckUnit{
			{Unit: "*shop.Server", Phase: hooks.PhaseStop, For: 3, Stack: "1 @ 0x1\n"}, {Unit: "warm up", Phase: hooks.PhaseConstruct, For: 4},
		}},
		`"ERROR","msg":"stuck","stuck":[{"unit":"*shop.Server","phase":"stop","for":3,"stack":"1 @ 0x1\n"},{"unit":"warm up","phase":"construct","for":4}]`,
	}, {
		hooks.Stuck{At: at, Units: slices.Repeat([]hooks.StuckUnit{{Unit: "x"}}, 21)},
		`"ERROR","msg":"stuck","stuck":[` + strings.Repeat(`{"unit":"x","phase":"construct","for":0},`, 19) + `{"unit":"x","phase":"construct","for":0}],"more":1`,
	}, {
		hooks.Misuse{At: at, Err: errBroken},
		`"WARN","msg":"misuse","error":"broken"`,
	}, {
		hooks.AppStopped{At: at, Took: 7},
		`"INFO","msg":"app stopped","took":7`,
	}, {
		hooks.AppStopped{At: at, Took: 7, Err: errBroken},
		`"ERROR","msg":"app stopped","took":7,"error":"broken"`,
	},
}

// A thousand units that hang are not a line of megabytes.
func TestListsAreCut(t *testing.T) {
	var pending []hooks.Pending
	var stuck []hooks.StuckUnit
	var names []string
	for i := range 1000 {
		names = append(names, fmt.Sprintf("unit %d", i))
	}
	for _, name := range names {
		pending = append(pending, hooks.Pending{Unit: name, For: 1, Holds: names})
		stuck = append(stuck, hooks.StuckUnit{Unit: name})
	}
	for _, event := range []hooks.Event{
		hooks.StillStarting{At: at, Pending: pending}, hooks.StillStopping{At: at, Pending: pending}, hooks.Stuck{At: at, Units: stuck},
	} {
		for _, line := range []string{zapJSON(event), slogJSON(event)} {
			if len(line) > 10_000 || !strings.HasSuffix(line, `],"more":980}`+"\n") || !strings.Contains(line, `"unit":"unit 19"`) {
				t.Errorf("%d bytes: %.200s...%s", len(line), line, line[len(line)-100:])
			}
			if _, stuck := event.(hooks.Stuck); !stuck && !strings.Contains(line, `"unit 19","and 980 more"]`) {
				t.Errorf("no end of what is held: %.900s", line)
			}
		}
	}
	if names[20] != "unit 20" {
		t.Errorf("the event was changed: %q", names[:21])
	}
}

// panicked is an error around another one.
type panicked struct{ err error }

func (panicked) Error() string   { return "wrapped" }
func (p panicked) Unwrap() error { return p.err }

// zapJSON returns what New writes for event: one line, without its time.
func zapJSON(event hooks.Event) string {
	var out bytes.Buffer
	encoder := zapcore.NewJSONEncoder(zapcore.EncoderConfig{
		LevelKey: "level", MessageKey: "msg", CallerKey: "caller", StacktraceKey: "stacktrace",
		EncodeLevel: zapcore.CapitalLevelEncoder, EncodeDuration: zapcore.NanosDurationEncoder,
	})
	core := zapcore.NewCore(encoder, zapcore.AddSync(&out), zapcore.DebugLevel)
	New(zap.New(core, zap.AddCaller(), zap.AddStacktrace(zapcore.DebugLevel))).Observe(event)
	return out.String()
}

// slogJSON returns what NewSlog writes for event: one line, without its time.
func slogJSON(event hooks.Event) string {
	var out bytes.Buffer
	withoutTime := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	handler := slog.NewJSONHandler(&out, &slog.HandlerOptions{AddSource: true, Level: slog.LevelDebug, ReplaceAttr: withoutTime})
	NewSlog(slog.New(handler)).Observe(event)
	return out.String()
}

var allLevels = &teller{written: func(slog.Level) bool { return true }}

func TestEveryEventHasItsLine(t *testing.T) {
	for _, c := range lines {
		want := `{"level":` + c.want + "}\n"
		if got := zapJSON(c.event); got != want {
			t.Errorf("%T: zap writes\n%swant\n%s", c.event, got, want)
		}
		if got := slogJSON(c.event); got != want {
			t.Errorf("%T: slog writes\n%swant\n%s", c.event, got, want)
		}
	}
}

// What a unit failed with is told as an error once, and again by the end of the application.
func TestAnErrorThatWasToldIsNotToldAgain(t *testing.T) {
	unit := hooks.Unit{Name: "api"}
	for _, c := range []struct {
		before []hooks.Event
		want   slog.Level
	}{
		{nil, slog.LevelError},
		{[]hooks.Event{hooks.UnitFailed{Unit: unit, Cause: errBroken}}, slog.LevelDebug},
		{[]hooks.Event{hooks.UnitFailed{Unit: unit, Cause: fmt.Errorf("another")}}, slog.LevelError},
		{[]hooks.Event{hooks.UnitFailed{Unit: unit}}, slog.LevelError},
		{[]hooks.Event{hooks.UnitFailed{Unit: hooks.Unit{Name: "other"}, Cause: errBroken}}, slog.LevelError},
		{[]hooks.Event{hooks.UnitFailed{Unit: unit, Cause: errBroken}, hooks.UnitStopped{Unit: unit, Err: errBroken}}, slog.LevelError},
	} {
		all := &teller{written: allLevels.written}
		for _, event := range c.before {
			all.lineOf(event)
		}
		if got := all.lineOf(hooks.UnitStopped{Unit: unit, Err: errBroken}).level; got != c.want {
			t.Errorf("after %v: level %v, want %v", c.before, got, c.want)
		}
	}
}

// What is passed over beforehand says nothing that is written, and nothing is passed over where all is written.
func TestOnlyWhatIsNotWrittenIsPassedOver(t *testing.T) {
	info := &teller{written: func(l slog.Level) bool { return l >= slog.LevelInfo }}
	passed := 0
	for _, c := range lines {
		if allLevels.passes(c.event) {
			t.Errorf("%+v is passed over at level debug", c.event)
		}
		if !info.passes(c.event) {
			continue
		}
		passed++
		if l := info.lineOf(c.event); l != nil {
			t.Errorf("%+v is passed over, and says %s", c.event, l.message)
		}
	}
	if passed < 4 {
		t.Errorf("%d are passed over", passed)
	}
}

// What a unit tries again and again is told every five seconds.
func TestReportsInQuickSuccessionAreDebug(t *testing.T) {
	all := &teller{written: allLevels.written}
	for _, c := range []struct {
		unit  string
		after time.Duration
		want  slog.Level
	}{
		{"store", 0, slog.LevelInfo},
		{"store", time.Second, slog.LevelDebug},
		{"queue", 2 * time.Second, slog.LevelInfo},
		{"store", 5*time.Second - 1, slog.LevelDebug},
		{"store", 5 * time.Second, slog.LevelInfo},
		{"store", 6 * time.Second, slog.LevelDebug},
		{"store", -time.Hour, slog.LevelInfo}, // the next start
	} {
		if got := all.lineOf(hooks.UnitReported{At: at.Add(c.after), Unit: hooks.Unit{Name: c.unit}, Value: "again"}).level; got != c.want {
			t.Errorf("%s after %v: level %v, want %v", c.unit, c.after, got, c.want)
		}
	}
}

func TestNoEventIsForgotten(t *testing.T) {
	var tested []string
	for _, c := range lines {
		if name := reflect.TypeOf(c.event).Name(); !slices.Contains(tested, name) {
			tested = append(tested, name)
		}
	}
	declared := eventTypes(t)
	slices.Sort(tested)
	slices.Sort(declared)
	if !slices.Equal(declared, tested) {
		t.Errorf("package hooks declares\n%v\nwhich does not fit the lines tested,\n%v", declared, tested)
	}
}

// eventTypes returns the names of the types of package hooks that have a method event.
func eventTypes(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../hooks/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var declarations []ast.Decl
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		declarations = append(declarations, file.Decls...)
	}
	var names []string
	for _, declaration := range declarations {
		method, ok := declaration.(*ast.FuncDecl)
		if !ok || method.Recv == nil || method.Name.Name != "event" {
			continue
		}
		receiver := method.Recv.List[0].Type
		if pointer, ok := receiver.(*ast.StarExpr); ok {
			receiver = pointer.X
		}
		names = append(names, receiver.(*ast.Ident).Name)
	}
	if len(names) == 0 {
		t.Fatal("no event types found in package hooks")
	}
	return names
}

// capture is a slog.Handler that keeps what it is given.
type capture struct {
	records []slog.Record
}

func (*capture) Enabled(context.Context, slog.Level) bool { return true }
func (c *capture) Handle(_ context.Context, r slog.Record) error {
	c.records = append(c.records, r)
	return nil
}
func (c *capture) WithAttrs([]slog.Attr) slog.Handler { return c }
func (c *capture) WithGroup(string) slog.Handler      { return c }

func TestBothLoggersAreGivenTheSame(t *testing.T) {
	for _, c := range lines {
		core, logs := observer.New(zapcore.DebugLevel)
		New(zap.New(core)).Observe(c.event)
		records := &capture{}
		NewSlog(slog.New(records)).Observe(c.event)
		if logs.Len() != 1 || len(records.records) != 1 {
			t.Errorf("%T: %d lines of zap and %d of slog, want one each", c.event, logs.Len(), len(records.records))
			continue
		}
		entry, record := logs.All()[0], records.records[0]

		if !entry.Time.Equal(at) || !record.Time.Equal(at) {
			t.Errorf("%T: at %v in zap, at %v in slog, want the event's %v", c.event, entry.Time, record.Time, at)
		}
		if entry.Message != record.Message || entry.Level.CapitalString() != record.Level.String() {
			t.Errorf("%T: %v %q in zap, %v %q in slog", c.event, entry.Level, entry.Message, record.Level, record.Message)
		}
		var zapKeys, slogKeys []string
		for _, field := range entry.Context {
			zapKeys = append(zapKeys, field.Key)
		}
		record.Attrs(func(a slog.Attr) bool {
			slogKeys = append(slogKeys, a.Key)
			return true
		})
		if !slices.Equal(zapKeys, slogKeys) {
			t.Errorf("%T: keys %v in zap, %v in slog", c.event, zapKeys, slogKeys)
		}
		if sorted := slices.Sorted(slices.Values(zapKeys)); len(slices.Compact(sorted)) != len(zapKeys) {
			t.Errorf("%T: a key stands twice in %v", c.event, zapKeys)
		}
	}
}

func TestAKeyHasOneKindOfValue(t *testing.T) {
	zapKinds := make(map[string]zapcore.FieldType)
	slogKinds := make(map[string]string)
	for _, c := range lines {
		core, logs := observer.New(zapcore.DebugLevel)
		New(zap.New(core)).Observe(c.event)
		for _, field := range logs.All()[0].Context {
			kind := field.Type
			if kind == zapcore.ReflectType {
				t.Errorf("%T: %s has no type of zap's", c.event, field.Key)
			}
			if known, ok := zapKinds[field.Key]; ok && known != kind {
				t.Errorf("%T: %s is of zap's type %v, elsewhere %v", c.event, field.Key, kind, known)
			}
			zapKinds[field.Key] = kind
		}

		records := &capture{}
		NewSlog(slog.New(records)).Observe(c.event)
		records.records[0].Attrs(func(a slog.Attr) bool {
			kind := fmt.Sprintf("%v of %T", a.Value.Kind(), a.Value.Any())
			if known, ok := slogKinds[a.Key]; ok && known != kind {
				t.Errorf("%T: %s is %s in slog, elsewhere %s", c.event, a.Key, kind, known)
			}
			slogKinds[a.Key] = kind
			return true
		})
	}
}

func TestMessagesAndKeysAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(doc), "# Messages")
	messages, keys, found := strings.Cut(rest, "# Keys")
	if !found {
		t.Fatal("doc.go has no list of keys")
	}

	documented := make(map[string]bool)
	for _, match := range regexp.MustCompile(`(?m)^//\t(\w+) +(text|texts|number|flag|duration|error|list) `).FindAllStringSubmatch(keys, -1) {
		documented[match[1]] = true
	}
	used := make(map[string]bool)
	for _, c := range lines {
		l := allLevels.lineOf(c.event)
		for _, a := range l.attributes {
			used[a.key] = true
		}
		if !regexp.MustCompile(`(?m)^//\t(.+, )?` + l.message + `[, ]`).MatchString(messages) {
			t.Errorf("message %q is not documented", l.message)
		}
	}
	if !maps.Equal(documented, used) {
		t.Errorf("documented keys\n%v\nused keys\n%v", slices.Sorted(maps.Keys(documented)), slices.Sorted(maps.Keys(used)))
	}
}

func TestAnEventByPointerHasTheSameLine(t *testing.T) {
	for _, c := range lines {
		pointer := reflect.New(reflect.TypeOf(c.event))
		pointer.Elem().Set(reflect.ValueOf(c.event))
		if got, want := zapJSON(pointer.Interface().(hooks.Event)), zapJSON(c.event); got != want {
			t.Errorf("%T by pointer:\n%swant\n%s", c.event, got, want)
		}
	}
}

func TestWhatIsNoEventHasNoLine(t *testing.T) {
	type strange struct{ hooks.Event }
	for _, event := range []hooks.Event{nil, (*hooks.AppStarted)(nil), strange{}, &strange{}} {
		if got := zapJSON(event) + slogJSON(event); got != "" {
			t.Errorf("%T: %s", event, got)
		}
	}
}

func TestZeroEventsAreHarmless(t *testing.T) {
	for _, c := range lines {
		zero := reflect.Zero(reflect.TypeOf(c.event)).Interface().(hooks.Event)
		if strings.Count(zapJSON(zero), "\n") != 1 || strings.Count(slogJSON(zero), "\n") != 1 {
			t.Errorf("%T: not one line", zero)
		}
		now := time.Now()
		core, logs := observer.New(zapcore.DebugLevel)
		New(zap.New(core)).Observe(zero)
		if got := logs.All()[0].Time; got.Before(now) {
			t.Errorf("%T: written at %v, which is long ago", zero, got)
		}
	}
}

// What is not written costs next to nothing.
func TestWhatIsNotWrittenAllocatesNothing(t *testing.T) {
	nothing := &teller{written: func(slog.Level) bool { return false }}
	for _, c := range lines {
		if l := nothing.lineOf(c.event); l != nil {
			t.Errorf("%T: there is a line", c.event)
		}
	}
	event := hooks.Event(hooks.UnitStarted{Unit: hooks.Unit{Name: "*shop.Server", Constructor: "shop.NewServer (server.go:42)"}})
	if allocations := testing.AllocsPerRun(100, func() { nothing.lineOf(event) }); allocations > 0 {
		t.Errorf("%v allocations", allocations)
	}
}
