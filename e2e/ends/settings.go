package main

import (
	"flag"
	"time"
)

// settings are what the flags say.
type settings struct {
	construct, start, run, stop string // how the cache behaves
	inDrain                     string // how the cache behaves in a drain
	server                      bool   // its stop returns an error
	stopOnly                    bool   // the server is open from its constructor on, and has only a stop
	late                        bool   // the cache appends a hook when everything has started

	setup    string // a mistake: option, provide, missing or cycle
	twice    bool   // options are given twice, with mistakes the first time
	shutdown string // when it is called: before, construct, start, started, drain or stop
	code     int
	cause    string

	schedule     string
	startTimeout time.Duration
	stopTimeout  time.Duration
	forceTimeout time.Duration
	drain        time.Duration

	ownStartTimeout, ownStopTimeout time.Duration // of the cache

	context bool // RunContext, until the standard input is closed
	again   bool // Run is called twice
	linger  bool // main goes on after Run, until the standard input is closed
	hang    bool // the log hangs after its last line, until the standard input is closed
	screen  bool
}

func parse() *settings {
	s := new(settings)
	flag.StringVar(&s.construct, "construct", "", "`how` the constructor of the cache behaves: fail, panic, exit, held, deaf")
	flag.StringVar(&s.start, "start", "", "`how` the start of the cache behaves: fail, panic, exit, nil, slow, deaf")
	flag.StringVar(&s.run, "run", "", "`how` the cache behaves when everything has started: fail, panic, exit, nil")
	flag.StringVar(&s.stop, "stop", "", "`how` the stop of the cache behaves: fail, panic, exit, slow, held, deaf")
	flag.StringVar(&s.inDrain, "in-drain", "", "`how` the cache behaves when it is drained: fail, or deaf, which is its method Drain")
	flag.BoolVar(&s.stopOnly, "stop-only", false, "the server has nothing but a method Close")
	flag.BoolVar(&s.late, "late", false, "the cache appends a hook when everything has started")
	flag.BoolVar(&s.server, "server", false, "the stop of the server fails")
	flag.StringVar(&s.setup, "setup", "", "`mistake` of the setup: option, provide, missing, cycle")
	flag.BoolVar(&s.twice, "twice", false, "give all options twice, with negative durations the first time")
	flag.StringVar(&s.shutdown, "shutdown", "", "`when` it is called: before, construct, start, started, drain, stop")
	flag.IntVar(&s.code, "code", 0, "exit `code` of the shutdown")
	flag.StringVar(&s.cause, "cause", "", "`cause` of the shutdown")
	flag.StringVar(&s.schedule, "schedule", "layer", "layer or dependency")
	flag.DurationVar(&s.startTimeout, "start-timeout", time.Minute, "")
	flag.DurationVar(&s.stopTimeout, "stop-timeout", 25*time.Second, "")
	flag.DurationVar(&s.forceTimeout, "force-timeout", 3*time.Second, "")
	flag.DurationVar(&s.drain, "drain", 0, "")
	flag.DurationVar(&s.ownStartTimeout, "own-start-timeout", 0, "of the cache")
	flag.DurationVar(&s.ownStopTimeout, "own-stop-timeout", 0, "of the cache")
	flag.BoolVar(&s.context, "context", false, "RunContext until the standard input is closed")
	flag.BoolVar(&s.again, "again", false, "run the app twice")
	flag.BoolVar(&s.linger, "linger", false, "go on after Run until the standard input is closed")
	flag.BoolVar(&s.hang, "hang", false, "have the log hang after its last line, until the standard input is closed")
	flag.BoolVar(&s.screen, "screen", false, "log as the shop does: on a terminal a picture, else from level info")
	flag.Parse()
	return s
}
