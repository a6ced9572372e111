package main

import "slices"

// row is a row of panels.
type row struct {
	title string
	shows []show
}

// show is what a panel shows.
type show struct {
	// kind is the type of the panel in Grafana: stat, gauge, timeseries, heatmap or table.
	kind, title, about string
	// unit is Grafana's: short where empty.
	unit string
	// warnAt colours values from there on; nil for none.
	warnAt  *float64
	queries []query
}

// query is an expression, with what its series are called.
type query struct{ expr, legend string }

func (s show) size() (w, h int) {
	switch s.kind {
	case "stat", "gauge":
		return 4, 5
	}
	return 8, 8
}

func (s show) panel(id int, at gridPos) panel {
	p := panel{
		ID: id, Type: s.kind, Title: s.title, Description: s.about, GridPos: at, Datasource: prometheus,
		FieldConfig: &fieldConfig{Defaults: defaults{Unit: s.unit}}, Options: options[s.kind],
	}
	if s.kind == "gauge" {
		p.FieldConfig.Defaults.Min = new(int)
	}
	if s.warnAt != nil {
		p.FieldConfig.Defaults.Thresholds = &thresholds{Mode: "absolute", Steps: []step{{Color: "green"}, {Color: "#EAB839", Value: s.warnAt}}}
	}
	for i, q := range s.queries {
		t := target{RefID: string(rune('A' + i)), Expr: q.expr, LegendFormat: q.legend, Range: true}
		switch s.kind {
		case "table":
			t.Format, t.Instant, t.Range = "table", true, false
		case "heatmap":
			t.Format = "heatmap"
		}
		p.Targets = append(p.Targets, t)
	}
	return p
}

// options are those of each type of panel.
var options = map[string]map[string]any{
	"stat":       {"reduceOptions": map[string]any{"calcs": []string{"lastNotNull"}}, "colorMode": "value", "graphMode": "area"},
	"gauge":      {"reduceOptions": map[string]any{"calcs": []string{"lastNotNull"}}},
	"timeseries": {"legend": map[string]any{"displayMode": "list", "placement": "bottom"}, "tooltip": map[string]any{"mode": "multi", "sort": "desc"}},
	"heatmap":    {"calculate": false, "yAxis": map[string]any{"unit": "s"}, "color": map[string]any{"mode": "scheme", "scheme": "Oranges"}},
	"table":      {"showHeader": true},
}

func stat(title, about, unit string, expr string) show {
	return show{kind: "stat", title: title, about: about, unit: unit, queries: []query{{expr, ""}}}
}

// gauge warns from a value on.
func gauge(title, about, unit string, warnAt float64, expr string) show {
	return show{kind: "gauge", title: title, about: about, unit: unit, warnAt: &warnAt, queries: []query{{expr, ""}}}
}

func timeseries(title, about, unit string, queries ...query) show {
	return show{kind: "timeseries", title: title, about: about, unit: unit, queries: slices.Clone(queries)}
}

func heatmap(title, about, expr string) show {
	return show{kind: "heatmap", title: title, about: about, unit: "s", queries: []query{{expr, "{{le}}"}}}
}

func table(title, about, expr string) show {
	return show{kind: "table", title: title, about: about, queries: []query{{expr, ""}}}
}
