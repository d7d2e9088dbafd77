package container_test

import "context"

// What follows are components with a method each, in each of its signatures. Each
// notes in a journal that it was called.
type (
	shutdownPlain     struct{ *journal }
	shutdownFailing   struct{ *journal }
	shutdownContext   struct{ *journal }
	shutdownBoth      struct{ *journal }
	stopPlain         struct{ *journal }
	stopFailing       struct{ *journal }
	stopContext       struct{ *journal }
	stopBoth          struct{ *journal }
	closePlain        struct{ *journal }
	closeFailing      struct{ *journal }
	closeContext      struct{ *journal }
	closeBoth         struct{ *journal }
	releasePlain      struct{ *journal }
	releaseFailing    struct{ *journal }
	releaseContext    struct{ *journal }
	releaseBoth       struct{ *journal }
	disconnectPlain   struct{ *journal }
	disconnectFailing struct{ *journal }
	disconnectContext struct{ *journal }
	disconnectBoth    struct{ *journal }
	runPlain          struct{ *journal }
	runFailing        struct{ *journal }
	runContext        struct{ *journal }
	runBoth           struct{ *journal }
	servePlain        struct{ *journal }
	serveFailing      struct{ *journal }
	serveContext      struct{ *journal }
	serveBoth         struct{ *journal }
	listenPlain       struct{ *journal }
	listenFailing     struct{ *journal }
	listenContext     struct{ *journal }
	listenBoth        struct{ *journal }
	startPlain        struct{ *journal }
	startFailing      struct{ *journal }
	startContext      struct{ *journal }
	startBoth         struct{ *journal }
)

func (c *shutdownPlain) Shutdown()                         { c.note(background, "Shutdown") }
func (c *shutdownFailing) Shutdown() error                 { return c.fail(background, "Shutdown") }
func (c *shutdownContext) Shutdown(ctx context.Context)    { c.note(ctx, "Shutdown") }
func (c *shutdownBoth) Shutdown(ctx context.Context) error { return c.fail(ctx, "Shutdown") }

func (c *stopPlain) Stop()                         { c.note(background, "Stop") }
func (c *stopFailing) Stop() error                 { return c.fail(background, "Stop") }
func (c *stopContext) Stop(ctx context.Context)    { c.note(ctx, "Stop") }
func (c *stopBoth) Stop(ctx context.Context) error { return c.fail(ctx, "Stop") }

func (c *closePlain) Close()                         { c.note(background, "Close") }
func (c *closeFailing) Close() error                 { return c.fail(background, "Close") }
func (c *closeContext) Close(ctx context.Context)    { c.note(ctx, "Close") }
func (c *closeBoth) Close(ctx context.Context) error { return c.fail(ctx, "Close") }

func (c *releasePlain) Release()                         { c.note(background, "Release") }
func (c *releaseFailing) Release() error                 { return c.fail(background, "Release") }
func (c *releaseContext) Release(ctx context.Context)    { c.note(ctx, "Release") }
func (c *releaseBoth) Release(ctx context.Context) error { return c.fail(ctx, "Release") }

func (c *disconnectPlain) Disconnect()                         { c.note(background, "Disconnect") }
func (c *disconnectFailing) Disconnect() error                 { return c.fail(background, "Disconnect") }
func (c *disconnectContext) Disconnect(ctx context.Context)    { c.note(ctx, "Disconnect") }
func (c *disconnectBoth) Disconnect(ctx context.Context) error { return c.fail(ctx, "Disconnect") }

func (c *runPlain) Run()                         { c.run(background, "Run") }
func (c *runFailing) Run() error                 { return c.run(background, "Run") }
func (c *runContext) Run(ctx context.Context)    { c.run(ctx, "Run") }
func (c *runBoth) Run(ctx context.Context) error { return c.run(ctx, "Run") }

func (c *servePlain) Serve()                         { c.run(background, "Serve") }
func (c *serveFailing) Serve() error                 { return c.run(background, "Serve") }
func (c *serveContext) Serve(ctx context.Context)    { c.run(ctx, "Serve") }
func (c *serveBoth) Serve(ctx context.Context) error { return c.run(ctx, "Serve") }

func (c *listenPlain) Listen()                         { c.run(background, "Listen") }
func (c *listenFailing) Listen() error                 { return c.run(background, "Listen") }
func (c *listenContext) Listen(ctx context.Context)    { c.run(ctx, "Listen") }
func (c *listenBoth) Listen(ctx context.Context) error { return c.run(ctx, "Listen") }

func (c *startPlain) Start()                         { c.run(background, "Start") }
func (c *startFailing) Start() error                 { return c.run(background, "Start") }
func (c *startContext) Start(ctx context.Context)    { c.run(ctx, "Start") }
func (c *startBoth) Start(ctx context.Context) error { return c.run(ctx, "Start") }
