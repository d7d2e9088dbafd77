package docs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	apps "k8s.io/api/apps/v1"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/process"
)

// manifests are those of the page.
type manifests struct {
	deployments []apps.Deployment
	services    []core.Service
	budgets     []policy.PodDisruptionBudget
	jobs        []batch.Job
	pods        []core.Pod
}

func readManifests(t *testing.T) *manifests {
	t.Helper()
	m := new(manifests)
	for _, b := range pageNamed(t, kubernetes).blocks {
		if b.language != "yaml" || !strings.Contains(b.text, "apiVersion:") {
			continue
		}
		for _, document := range documents(b.text) {
			if err := m.add(document); err != nil {
				t.Fatal(b.problem("%v", err))
			}
		}
	}
	return m
}

// add decodes a manifest into the type of Kubernetes that it names; a field that this does not
// have is an error.
func (m *manifests) add(document string) error {
	var kind struct{ APIVersion, Kind string }
	if err := yaml.Unmarshal([]byte(document), &kind); err != nil {
		return err
	}
	switch kind.APIVersion + " " + kind.Kind {
	case "apps/v1 Deployment":
		return decode(document, &m.deployments)
	case "v1 Service":
		return decode(document, &m.services)
	case "policy/v1 PodDisruptionBudget":
		return decode(document, &m.budgets)
	case "batch/v1 Job":
		return decode(document, &m.jobs)
	case "v1 Pod":
		return decode(document, &m.pods)
	}
	return fmt.Errorf("there is no %s %s", kind.APIVersion, kind.Kind)
}

func decode[T any](document string, all *[]T) error {
	var one T
	err := yaml.UnmarshalStrict([]byte(document), &one)
	*all = append(*all, one)
	return err
}

// limits are the times that an App without options takes at most.
type limits struct{ start, stop, force time.Duration }

// measure finds them out, in virtual time: on an app that does not start, and on one that ends only
// when the app has given it up.
func measure(t *testing.T) (l limits) {
	t.Helper()
	run := func(ctx context.Context, runner process.RunnerFunc) error {
		return container.New(container.WithLogger(zap.NewNop()), container.Supply(runner)).RunContext(ctx)
	}
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		err := run(t.Context(), func(ctx context.Context, _ process.Callback) error {
			<-ctx.Done()
			return ctx.Err()
		})
		l.start = time.Since(begin)
		if !errors.Is(err, process.ErrStartTimeout) {
			t.Errorf("start: %v", err)
		}

		ctx, cancel := context.WithCancel(t.Context())
		times := make(chan time.Time, 2) // of the stop, and of the force
		release := make(chan struct{})
		err = run(ctx, func(ctx context.Context, callback process.Callback) error {
			times <- time.Now()
			cancel()
			if err := callback(ctx); err != nil {
				return err
			}
			<-ctx.Done()
			times <- time.Now()
			<-release
			return nil
		})
		stopping, forced := <-times, <-times
		l.stop, l.force = forced.Sub(stopping), time.Since(forced)
		if !errors.Is(err, container.ErrStuck) {
			t.Errorf("stop: %v", err)
		}
		close(release)
	})
	return l
}
