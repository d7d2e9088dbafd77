package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// programs are those of package smallest.
var programs = []struct{ name, of string }{
	{"an empty main", "nothing"},
	{again, "nothing"},
	{"errgroup", "errgroup"},
	{"oklog/run", "oklogrun"},
	{"suture", "suture"},
	{"dig", "dig"},
	{"dskit", "dskit"},
	{"do", "do"},
	{"Strata process", "process"},
	{"Strata App", "strata"},
	{"fx", "fx"},
}

func measurePrograms(r *run, d *document) error {
	const smallest = "github.com/strata-go/strata/bench/smallest/"
	scratch, err := os.MkdirTemp("", "strata-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	t := &table{header: []string{"of an empty main's", "size", "size, stripped", "packages", "cold build, time of the processors"}}
	p := plot{title: "The smallest program: size, of an empty main's"}
	var empty program
	for i, of := range programs {
		cache := "" // that of the user
		if !r.quick {
			cache = filepath.Join(scratch, fmt.Sprint("cache", i))
		}
		is, err := build(smallest+of.of, filepath.Join(scratch, "program"), cache)
		if err != nil {
			return fmt.Errorf("%s: %w", of.name, err)
		}
		if cache != "" {
			os.RemoveAll(cache)
		}
		if i == 0 {
			empty = is
		}
		cold := "–"
		if !r.quick { // once, so there is no spread to compare it by with another run's
			cold = fmt.Sprintf("%.1f", is.cpu/empty.cpu)
		}
		t.add(called(of.name, programs[0].name), fmt.Sprintf("%.2f", is.size/empty.size), fmt.Sprintf("%.2f", is.stripped/empty.stripped),
			fmt.Sprint(is.packages), cold)
		if of.name != again {
			p.add(of.name, 0, is.size/empty.size)
		}
	}
	d.Tables["programs"] = t
	d.plots["programs"] = p.bars
	return nil
}

type program struct {
	size, stripped, cpu float64
	packages            int
}

// build builds a package, with a cache of its own if there is one.
func build(name, file, cache string) (p program, err error) {
	var cpu time.Duration // of the last command and all that it ran
	goCommand := func(args ...string) (string, error) {
		cmd := exec.Command("go", args...)
		cmd.Env = os.Environ()
		if cache != "" {
			cmd.Env = append(cmd.Env, "GOCACHE="+cache)
		}
		out, err := cmd.CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("go %s: %w: %s", strings.Join(args, " "), err, out)
		}
		cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		return string(out), nil
	}
	size := func(flags ...string) (float64, error) {
		if _, err := goCommand(append(append([]string{"build", "-o", file}, flags...), name)...); err != nil {
			return 0, err
		}
		info, err := os.Stat(file)
		if err != nil {
			return 0, err
		}
		return float64(info.Size()), nil
	}
	if p.size, err = size(); err != nil {
		return p, err
	}
	p.cpu = float64(cpu)
	if p.stripped, err = size("-ldflags=-s -w"); err != nil {
		return p, err
	}
	packages, err := goCommand("list", "-deps", name)
	p.packages = strings.Count(packages, "\n")
	return p, err
}
