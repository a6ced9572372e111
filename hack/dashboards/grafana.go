package main

// These are the fields of Grafana's dashboard model (schema version 39) that are used here.

type dashboard struct {
	UID           string     `json:"uid"`
	Title         string     `json:"title"`
	Description   string     `json:"description"`
	Tags          []string   `json:"tags"`
	SchemaVersion int        `json:"schemaVersion"`
	Editable      bool       `json:"editable"`
	GraphTooltip  int        `json:"graphTooltip"`
	Refresh       string     `json:"refresh"`
	Time          timeRange  `json:"time"`
	Templating    templating `json:"templating"`
	Panels        []panel    `json:"panels"`
}

type timeRange struct {
	From string `json:"from"`
	To   string `json:"to"`
}

type templating struct {
	List []variable `json:"list"`
}

type variable struct {
	Name       string      `json:"name"`
	Label      string      `json:"label"`
	Type       string      `json:"type"`
	Query      string      `json:"query"`
	Datasource *datasource `json:"datasource,omitempty"`
	Refresh    int         `json:"refresh"`
	IncludeAll bool        `json:"includeAll,omitempty"`
	Multi      bool        `json:"multi,omitempty"`
	AllValue   string      `json:"allValue,omitempty"`
	Current    *current    `json:"current,omitempty"`
}

type current struct {
	Text  string `json:"text"`
	Value string `json:"value"`
}

type datasource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

type panel struct {
	ID          int            `json:"id"`
	Type        string         `json:"type"`
	Title       string         `json:"title"`
	Description string         `json:"description,omitempty"`
	GridPos     gridPos        `json:"gridPos"`
	Datasource  *datasource    `json:"datasource,omitempty"`
	FieldConfig *fieldConfig   `json:"fieldConfig,omitempty"`
	Options     map[string]any `json:"options,omitempty"`
	Targets     []target       `json:"targets,omitempty"`
}

type gridPos struct {
	X int `json:"x"`
	Y int `json:"y"`
	W int `json:"w"`
	H int `json:"h"`
}

type fieldConfig struct {
	Defaults defaults `json:"defaults"`
}

type defaults struct {
	Unit       string      `json:"unit,omitempty"`
	Min        *int        `json:"min,omitempty"`
	Thresholds *thresholds `json:"thresholds,omitempty"`
}

type thresholds struct {
	Mode  string `json:"mode"`
	Steps []step `json:"steps"`
}

type step struct {
	Color string   `json:"color"`
	Value *float64 `json:"value"`
}

type target struct {
	RefID        string `json:"refId"`
	Expr         string `json:"expr"`
	LegendFormat string `json:"legendFormat,omitempty"`
	Format       string `json:"format,omitempty"`
	Instant      bool   `json:"instant,omitempty"`
	Range        bool   `json:"range"`
}

// width is that of Grafana's grid.
const width = 24

// prometheus is the data source that the user chose.
var prometheus = &datasource{Type: "prometheus", UID: "$datasource"}

func newDashboard(rows []row) dashboard {
	return dashboard{
		UID:           "external-secrets-apiserver",
		Title:         "External Secrets",
		Description:   "docs/operations/monitoring.md explains the metrics.",
		Tags:          []string{"external-secrets"},
		SchemaVersion: 39,
		Editable:      true,
		GraphTooltip:  1,
		Refresh:       "1m",
		Time:          timeRange{From: "now-6h", To: "now"},
		Templating: templating{List: []variable{
			{Name: "datasource", Label: "Data source", Type: "datasource", Query: "prometheus", Refresh: 1},
			choice("namespace", "Namespace", "label_values(externalsecret_status_condition, namespace)"),
			choice("store", "Store", "label_values(external_secrets_store_breaker_open, name)"),
			choice("controller", "Controller", "label_values(controller_runtime_active_workers, controller)"),
		}},
		Panels: place(rows),
	}
}

func choice(name, label, query string) variable {
	return variable{
		Name: name, Label: label, Type: "query", Query: query, Datasource: prometheus, Refresh: 2,
		IncludeAll: true, Multi: true, AllValue: ".*", Current: &current{Text: "All", Value: "$__all"},
	}
}

// place puts the panels of each row below its title, from left to right.
func place(rows []row) (panels []panel) {
	y := 0
	for _, r := range rows {
		panels = append(panels, panel{ID: len(panels) + 1, Type: "row", Title: r.title, GridPos: gridPos{Y: y, W: width, H: 1}})
		y++
		x, lowest := 0, 0
		for _, s := range r.shows {
			w, h := s.size()
			if x+w > width {
				x, y, lowest = 0, y+lowest, 0
			}
			panels = append(panels, s.panel(len(panels)+1, gridPos{X: x, Y: y, W: w, H: h}))
			x, lowest = x+w, max(lowest, h)
		}
		y += lowest
	}
	return panels
}
