package main

import (
	"os"
	"strings"
	"testing"

	"github.com/strata-go/strata/examples/shop/config"
)

func TestTheReadmeShowsThePlan(t *testing.T) {
	plan, err := newApp(config.Config{}).Plan()
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), "```text\n"+plan.String()+"```") {
		t.Errorf("README.md does not show the plan as it is:\n%v", plan)
	}
}
