package main

import (
	"context"
	"strings"
	"time"

	"go.uber.org/dig"
	"go.uber.org/zap"

	"github.com/strata-go/strata/process"
)

func RegisterWork(c *dig.Container) {
	c.Provide(NewWorker)
	c.Provide(NewConsumer)
}

// Worker does one job at a time.
type Worker struct {
	jobs  *Jobs
	log   *zap.Logger
	queue chan task
}

type task struct {
	Job
	done chan error
}

func NewWorker(jobs *Jobs, log *zap.Logger) *Worker {
	return &Worker{jobs, log, make(chan task)}
}

func (w *Worker) Run(ctx context.Context, callback process.Callback) error {
	return process.Worker(func(ctx context.Context, ready func() <-chan struct{}) error {
		stop := ready()
		for {
			select {
			case t := <-w.queue:
				w.log.Info("job done", zap.Int64("id", t.ID))
				t.done <- w.jobs.Finish(ctx, t.ID, strings.ToUpper(t.Text))
			case <-stop:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}).Run(ctx, callback)
}

// Do returns when the job is done.
func (w *Worker) Do(ctx context.Context, job Job) error {
	t := task{job, make(chan error, 1)}
	select {
	case w.queue <- t:
		return <-t.done
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Consumer polls the table and gives what it finds to the worker.
type Consumer struct {
	jobs   *Jobs
	worker *Worker
}

func NewConsumer(jobs *Jobs, worker *Worker) *Consumer { return &Consumer{jobs, worker} }

func (c *Consumer) Run(ctx context.Context, callback process.Callback) error {
	return process.Worker(func(ctx context.Context, ready func() <-chan struct{}) error {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		stop := ready()
		for {
			select {
			case <-tick.C:
			case <-stop:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
			if job, ok, err := c.jobs.Next(ctx); err != nil {
				return err
			} else if ok {
				if err := c.worker.Do(ctx, job); err != nil {
					return err
				}
			}
		}
	}).Run(ctx, callback)
}
