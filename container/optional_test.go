package container_test

import (
	"strings"
	"testing"

	"go.uber.org/dig"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/process"
)

// What is asked for as an option, and what that needs.
type (
	tracer   struct{ _ int }
	exporter struct{ _ int }
	endpoint struct{ _ int } // which nobody provides
	span     struct{ _ int }

	traced struct {
		dig.In
		Tracer *tracer `optional:"true"`
	}
	exporters struct {
		dig.In
		All []*exporter `group:"exporters"`
	}
)

func newTracer(*exporter) *tracer     { panic("called") }
func newExporter(*endpoint) *exporter { panic("called") }
func newTraced(traced) *Server        { return &Server{process.Nop()} }
func decorate(e *exporter, _ *endpoint) *exporter {
	panic("called")
}

// An optional dependency that somebody provides, and that stays empty because
// something is missing behind it, is no error, but it is told.
func TestPlanWarnsOfAnOptionThatStaysEmpty(t *testing.T) {
	const (
		server = "container_test.newTraced (optional_test.go) takes an optional *container_test.tracer and is given none: "
		asked  = " cannot be built, as container_test.newExporter (optional_test.go) needs *container_test.endpoint, which nobody provides"
		deep   = server + "container_test.newTracer (optional_test.go)" + asked
	)
	for _, test := range []struct {
		name  string
		setup func(app *container.App)
		want  []string
	}{
		{"directly", func(app *container.App) {
			app.Provide(newTraced)
			app.Provide(func(*endpoint) *tracer { panic("called") })
		}, []string{server + "container_test.F (optional_test.go) cannot be built, as container_test.F (optional_test.go) " +
			"needs *container_test.endpoint, which nobody provides"}},
		{"deep", func(app *container.App) {
			app.Provide(newTraced)
			app.Provide(newTracer)
			app.Provide(newExporter)
		}, []string{deep}},
		{"with something close", func(app *container.App) {
			app.Provide(newTraced)
			app.Provide(newTracer)
			app.Provide(newExporter)
			app.Provide(func() endpoint { panic("called") })
		}, []string{deep + "; did you mean container_test.endpoint (container_test.F, optional_test.go)?"}},
		{"through a member of a group", func(app *container.App) {
			app.Provide(newTraced)
			app.Provide(func(exporters) *tracer { panic("called") })
			app.Provide(newExporter, dig.Group("exporters"))
		}, []string{server + "container_test.F (optional_test.go)" + asked}},
		{"through a decorator", func(app *container.App) {
			app.Provide(newTraced)
			app.Provide(newTracer)
			app.Provide(func() *exporter { return nil })
			app.Decorate(decorate)
		}, []string{server + "container_test.newTracer (optional_test.go) cannot be built, as container_test.decorate (optional_test.go) " +
			"needs *container_test.endpoint, which nobody provides"}},
		{"in a scope, where it hides one that is fine", func(app *container.App) {
			inner := app.Scope("inner")
			app.Provide(func() *tracer { return nil })
			inner.Provide(newTracer)
			inner.Provide(newExporter)
			inner.Provide(newTraced)
		}, []string{deep}},
		{"two, of which one is there", func(app *container.App) {
			type in struct {
				dig.In
				Tracer *tracer `optional:"true"`
				Span   *span   `optional:"true"`
				Queue  *Queue  `optional:"true"`
			}
			app.Provide(func(in) *Server { return &Server{process.Nop()} })
			app.Provide(newTracer)
			app.Provide(newExporter)
			app.Provide(func(*tracer) *span { panic("called") })
			app.Provide(func() *Queue { return &Queue{process.Nop()} })
		}, []string{
			"container_test.F (optional_test.go) takes an optional *container_test.tracer and is given none: container_test.newTracer (optional_test.go)" + asked,
			"container_test.F (optional_test.go) takes an optional *container_test.span and is given none: container_test.F (optional_test.go)" + asked,
		}},
		{"asked for by name", func(app *container.App) {
			type in struct {
				dig.In
				Tracer *tracer `name:"jaeger" optional:"true"`
			}
			app.Provide(func(in) *Server { return &Server{process.Nop()} })
			app.Provide(newTracer, dig.Name("jaeger"))
			app.Provide(newExporter)
		}, []string{`container_test.F (optional_test.go) takes an optional *container_test.tracer[name="jaeger"] and is given none: ` +
			"container_test.newTracer (optional_test.go)" + asked}},
		{"asked for by a decorator", func(app *container.App) {
			app.Provide(func() *Server { return &Server{process.Nop()} })
			app.Decorate(func(s *Server, _ traced) *Server { return s })
			app.Provide(newTracer)
			app.Provide(newExporter)
		}, []string{"container_test.F (optional_test.go) takes an optional *container_test.tracer and is given none: " +
			"container_test.newTracer (optional_test.go)" + asked}},
		{"asked for by an invoked function", func(app *container.App) {
			app.Provide(newTracer)
			app.Provide(newExporter)
			app.Invoke(func(traced) {})
		}, []string{"container_test.F (optional_test.go) takes an optional *container_test.tracer and is given none: " +
			"container_test.newTracer (optional_test.go)" + asked}},
		{"asked for by what was called already", func(app *container.App) {
			app.Provide(newTraced)
			app.Provide(newTracer)
			app.Provide(newExporter)
			app.Invoke(func(*Server) {})
		}, []string{deep}},
		{"it was there before something hid it", func(app *container.App) {
			inner := app.Scope("inner")
			app.Provide(newTracerAlone)
			inner.Provide(newTraced)
			inner.Invoke(func(*Server) {})
			inner.Provide(newTracer)
			inner.Provide(newExporter)
		}, nil},
		{"nobody provides it", func(app *container.App) {
			app.Provide(newTraced)
			app.Provide(newExporter)
		}, nil},
		{"it is there", func(app *container.App) {
			app.Provide(newTraced)
			app.Provide(newTracerAlone)
		}, nil},
		{"nobody asks", func(app *container.App) {
			app.Provide(func(traced) *Config { panic("called") })
			app.Provide(newTracer)
			app.Provide(newExporter)
		}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			app := newApp()
			test.setup(app)
			if err := app.Verify(); err != nil {
				t.Fatal(err)
			}
			wantEqual(t, "warnings before the build", withoutPlaces(planOf(t, app).Warnings...), test.want)
			if _, err := app.Runner(); err != nil {
				t.Fatal(err)
			}
			wantEqual(t, "warnings after the build", withoutPlaces(planOf(t, app).Warnings...), test.want)
		})
	}
}

// What was given to a container before is told of like the app's own.
func TestPlanOfWhatWasAttachedWarnsOfAnOptionThatStaysEmpty(t *testing.T) {
	c := dig.New()
	provideAll(t, c, newTraced, newTracer, newExporter)
	if err := c.Invoke(func(*Server) {}); err != nil {
		t.Fatal(err)
	}
	if warnings := planOf(t, attach(c)).Warnings; len(warnings) != 1 || !strings.Contains(warnings[0], "takes an optional *container_test.tracer and is given none") {
		t.Errorf("warnings are %q", warnings)
	}
}

func newTracerAlone() *tracer { return new(tracer) }
