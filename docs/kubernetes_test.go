package docs

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

const kubernetes = "docs/kubernetes.md"

func TestKubernetesReadsTheManifests(t *testing.T) {
	m := readManifests(t)
	if len(m.deployments) != 1 || len(m.services) != 1 || len(m.budgets) != 1 || len(m.jobs) != 1 || len(m.pods) != 2 {
		t.Fatalf("manifests: %+v", m)
	}
}

func TestKubernetesManifestThatIsRottenIsFound(t *testing.T) {
	for _, test := range []struct{ text, says string }{
		{"apiVersion: v1\nkind: Pod\nspec:\n  terminationGracePeriodSecond: 30\n", "terminationGracePeriodSecond"},
		{"apiVersion: v1\nkind: Pod\nspec:\n  terminationGracePeriodSeconds: 30s\n", "int64"},
		{"apiVersion: apps/v1beta1\nkind: Deployment\n", "apps/v1beta1 Deployment"},
	} {
		if err := new(manifests).add(test.text); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%q: error %v, want it to say %q", test.text, err, test.says)
		}
	}
}

// The parts of the manifest name each other, and the program.
func TestKubernetesFindsWhatTheManifestsName(t *testing.T) {
	m := readManifests(t)
	deployment := m.deployments[0]
	labels := deployment.Spec.Template.Labels
	for name, selector := range map[string]map[string]string{
		"Deployment":          deployment.Spec.Selector.MatchLabels,
		"Service":             m.services[0].Spec.Selector,
		"PodDisruptionBudget": m.budgets[0].Spec.Selector.MatchLabels,
	} {
		if len(selector) == 0 {
			t.Errorf("the selector of the %s is empty", name)
		}
		for key, value := range selector {
			if labels[key] != value {
				t.Errorf("the %s selects %s=%s, the pods have %v", name, key, value, labels)
			}
		}
	}
	program := programs(t)[0].text
	ports := make(map[string]bool)
	c := deployment.Spec.Template.Spec.Containers[0]
	for _, port := range c.Ports {
		ports[port.Name] = true
		if addr := fmt.Sprintf(`":%d"`, port.ContainerPort); !strings.Contains(program, addr) {
			t.Errorf("the program does not listen on %s", addr)
		}
	}
	for name, probe := range map[string]*core.Probe{"startupz": c.StartupProbe, "livez": c.LivenessProbe, "readyz": c.ReadinessProbe} {
		if probe.HTTPGet.Path != "/"+name || !strings.Contains(program, strconv.Quote(probe.HTTPGet.Path)) {
			t.Errorf("the probe for %s asks %s", name, probe.HTTPGet.Path)
		}
		if !ports[probe.HTTPGet.Port.StrVal] {
			t.Errorf("the probe for %s asks at port %s", name, probe.HTTPGet.Port.StrVal)
		}
	}
	if target := m.services[0].Spec.Ports[0].TargetPort.StrVal; !ports[target] {
		t.Errorf("the Service sends to port %q", target)
	}
}

func TestKubernetesGivesAnAppTheTimeThatItTakes(t *testing.T) {
	m, l := readManifests(t), measure(t)
	ends := l.stop + l.force
	for name, spec := range map[string]core.PodSpec{
		"Deployment": m.deployments[0].Spec.Template.Spec,
		"Job":        m.jobs[0].Spec.Template.Spec,
		"preStop":    m.pods[0].Spec,
		"sidecar":    m.pods[1].Spec,
	} {
		var before time.Duration
		if hook := spec.Containers[0].Lifecycle; hook != nil {
			before = time.Duration(hook.PreStop.Sleep.Seconds) * time.Second
		}
		if grace := time.Duration(*spec.TerminationGracePeriodSeconds) * time.Second; before+ends >= grace {
			t.Errorf("%s: the grace period is %v, an app takes %v and %v", name, grace, before, ends)
		}
	}
	c := m.deployments[0].Spec.Template.Spec.Containers[0]
	if patience := time.Duration(c.StartupProbe.PeriodSeconds*c.StartupProbe.FailureThreshold) * time.Second; l.start+ends >= patience {
		t.Errorf("the startup probe waits %v, an app takes %v", patience, l.start+ends)
	}
	if surge := m.deployments[0].Spec.Strategy.RollingUpdate; surge.MaxUnavailable.IntValue() != 0 || surge.MaxSurge.IntValue() < 1 {
		t.Errorf("strategy: %v", surge)
	}
	if m.pods[1].Spec.InitContainers[0].RestartPolicy == nil || *m.pods[1].Spec.InitContainers[0].RestartPolicy != core.ContainerRestartPolicyAlways {
		t.Error("the sidecar is none")
	}
	if m.jobs[0].Spec.Template.Spec.RestartPolicy != core.RestartPolicyNever {
		t.Errorf("restart policy %q", m.jobs[0].Spec.Template.Spec.RestartPolicy)
	}
}

// What the page says in words and figures follows from what an App does.
func TestKubernetesPageSaysWhatAnAppTakes(t *testing.T) {
	l, text := measure(t), source(t, kubernetes)
	for _, says := range []string{
		row("start", l.start, "WithStartTimeout"),
		row("drain", 0, "WithDrainDelay"),
		row("stop", l.stop, "WithStopTimeout"),
		row("force", l.force, "WithForceTimeout"),
		fmt.Sprintf("0 + %.0f + %.0f = %.0f < 30", l.stop.Seconds(), l.force.Seconds(), (l.stop + l.force).Seconds()),
		fmt.Sprintf("%.0f + %.0f + %.0f = %.0f < 90", l.start.Seconds(), l.stop.Seconds(), l.force.Seconds(), (l.start + l.stop + l.force).Seconds()),
		fmt.Sprintf("50 + %.0f = %.0f, so that a grace period of 60 s", l.force.Seconds(), 50+l.force.Seconds()),
		fmt.Sprintf("within %.0f seconds", (l.stop + l.force).Seconds()),
	} {
		if !strings.Contains(text, says) {
			t.Errorf("%s does not say %q", kubernetes, says)
		}
	}
}

func row(name string, d time.Duration, option string) string {
	return fmt.Sprintf("| %s | %s | `%s` |", name, strings.TrimSuffix(d.String(), "m0s")+map[bool]string{true: "m"}[d >= time.Minute], option)
}

// Docker, Compose and Nomad are told to wait long enough; for Cloud Run the app is made quicker.
func TestKubernetesAndOthersWaitLongEnough(t *testing.T) {
	l, p := measure(t), pageNamed(t, kubernetes)
	ends := l.stop + l.force
	waits := make(map[string]time.Duration)
	for _, b := range p.blocks {
		switch b.language {
		case "sh":
			for _, match := range regexp.MustCompile(`(docker \w+) (?:-t|--stop-timeout) (\d+)`).FindAllStringSubmatch(b.text, -1) {
				waits[match[1]] = duration(t, match[2]+"s")
			}
		case "yaml":
			var compose struct {
				Services map[string]struct {
					Image           string `json:"image"`
					StopGracePeriod string `json:"stop_grace_period"`
				} `json:"services"`
			}
			if err := yaml.UnmarshalStrict([]byte(b.text), &compose); err == nil {
				waits["compose"] = duration(t, compose.Services["shop"].StopGracePeriod)
			}
		case "hcl":
			task := nomadTask(t, b)
			waits["nomad"] = duration(t, task["kill_timeout"])
			if task["kill_signal"] != "SIGTERM" {
				t.Errorf("Nomad sends %s, at which no app drains", task["kill_signal"])
			}
		}
	}
	for _, who := range []string{"docker stop", "docker run", "compose", "nomad"} {
		if waits[who] <= ends {
			t.Errorf("%s waits %v, an app takes %v", who, waits[who], ends)
		}
	}

	_, cloud, _ := strings.Cut(source(t, kubernetes), "\n## Cloud Run\n")
	var all time.Duration
	for _, limit := range []string{"WithStopTimeout", "WithForceTimeout"} {
		match := regexp.MustCompile(limit + `\((\d+)\*time\.Second\)`).FindStringSubmatch(cloud)
		if match == nil {
			t.Fatalf("Cloud Run: no %s", limit)
		}
		all += duration(t, match[1]+"s")
	}
	if all >= 10*time.Second {
		t.Errorf("Cloud Run waits 10 s, the app takes %v", all)
	}
}

func duration(t *testing.T, text string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// nomadTask returns the strings that are set in the innermost task of a job.
func nomadTask(t *testing.T, b block) map[string]string {
	t.Helper()
	file, diagnostics := hclparse.NewParser().ParseHCL([]byte(b.text), b.page)
	if diagnostics.HasErrors() {
		t.Fatal(diagnostics)
	}
	body := file.Body.(*hclsyntax.Body)
	for _, kind := range []string{"job", "group", "task"} {
		if len(body.Blocks) == 0 || body.Blocks[0].Type != kind {
			t.Fatalf("there is no %s", kind)
		}
		body = body.Blocks[0].Body
	}
	settings := make(map[string]string)
	for name, attribute := range body.Attributes {
		value, diagnostics := attribute.Expr.Value(nil)
		if diagnostics.HasErrors() {
			t.Fatal(diagnostics)
		}
		settings[name] = value.AsString()
	}
	return settings
}
