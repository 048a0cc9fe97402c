package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestAlerts holds the alerting rules to the metrics that a running gateway has.
func TestAlerts(t *testing.T) {
	gateway(t)
	raw, err := os.ReadFile("../../deploy/alerts/harkara.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr string
				Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	_, page := get(t, world.http, "/metrics")
	rules := 0
	name := regexp.MustCompile(`harkara_[a-z0-9_]+`)
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			rules++
			if r.Annotations["summary"] == "" {
				t.Errorf("%s says nothing to people", r.Alert)
			}
			for _, metric := range name.FindAllString(r.Expr, -1) {
				if !strings.Contains(page, "# TYPE "+strings.TrimSuffix(metric, "_bucket")+" ") {
					t.Errorf("%s: there is no metric %s", r.Alert, metric)
				}
			}
		}
	}
	if rules == 0 {
		t.Error("no rules were read")
	}
}
