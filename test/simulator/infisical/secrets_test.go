package infisical_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/live-secrets/external-secrets-apiserver/test/simulator/infisical"
)

func TestListShape(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	sim, id := start(t, infisical.Options{Clock: func() time.Time { return at }})
	sim.EditSecret(project, "prod", "/app/", "DB_PASSWORD", func(s *infisical.Secret) {
		*s = infisical.Secret{Value: " v \n", Tags: []string{"s"}, Metadata: map[string]string{"k": "v"}}
	})
	sim.SetSecret(project, "prod", "/shared", "X", "y")
	sim.AddImport(project, "prod", "/app", "prod", "/shared")
	access := token(t, sim, clientID, clientSecret)

	got := decode[map[string]any](t, request(t, "GET", sim.URL()+list("secretPath", "/app", "include_imports", "true"), access, "").body)
	row := got["secrets"].([]any)[0].(map[string]any)
	block := got["imports"].([]any)[0].(map[string]any)
	imported := block["secrets"].([]any)[0].(map[string]any)
	want := map[string]any{
		"id": row["id"], "_id": row["id"], "workspace": id, "environment": "prod", "version": 1.0, "type": "shared",
		"secretKey": "DB_PASSWORD", "secretValue": "v\n", "secretComment": "", "secretReminderNote": nil, "secretReminderRepeatDays": nil,
		"skipMultilineEncoding": false, "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-01T00:00:00.000Z",
		"secretPath": "/app", "secretValueHidden": false, "secretMetadata": []any{map[string]any{"key": "k", "value": "v"}},
		"tags": []any{map[string]any{"id": "tag-s", "slug": "s", "name": "s", "color": "#fff"}},
	}
	if diff := cmp.Diff(want, row); diff != "" {
		t.Errorf("secret (-want +got):\n%s", diff)
	}
	if block["secretPath"] != "/shared" || block["environment"] != "prod" || block["folderId"] == "" {
		t.Errorf("import: %v", block)
	}
	if _, ok := imported["createdAt"]; ok || imported["workspace"] != "" || imported["secretValue"] != "y" {
		t.Errorf("imported secret: %v", imported)
	}
	v4 := request(t, "GET", sim.URL()+query("/api/v4/secrets/DB_PASSWORD", "projectId", id, "environment", "prod", "secretPath", "/app"), access, "")
	if diff := cmp.Diff(want, decode[map[string]any](t, v4.body)["secret"]); diff != "" {
		t.Errorf("single secret (-want +got):\n%s", diff)
	}
	byID := request(t, "GET", sim.URL()+"/api/v4/secrets/id/"+row["id"].(string), access, "")
	if diff := cmp.Diff(want, decode[map[string]any](t, byID.body)["secret"]); diff != "" {
		t.Errorf("secret by id (-want +got):\n%s", diff)
	}
}

func TestSecretErrors(t *testing.T) {
	sim, _ := start(t, infisical.Options{})
	sim.SetSecret(project, "prod", "/app", "K", "v")
	sim.AddIdentity(infisical.Identity{ClientID: "stranger", ClientSecret: "s", Projects: []string{"other"}})
	access := token(t, sim, clientID, clientSecret)
	stranger := token(t, sim, "stranger", "s")

	for _, tc := range []struct {
		name, path, token, error string
		status                   int
		message                  string
	}{
		{"no project", query("/api/v3/secrets/raw", "environment", "prod"), access, "BadRequest", 400, "Missing project id or environment"},
		{"no environment", query("/api/v3/secrets/raw", "workspaceSlug", project), access, "BadRequest", 400, "Missing project id or environment"},
		{"a slug in version 4", query("/api/v4/secrets", "workspaceSlug", project, "environment", "prod"), access, "BadRequest", 400, "Missing project id or environment"},
		{"unknown project id", query("/api/v3/secrets/raw", "workspaceId", "x", "environment", "prod"), access, "NotFound", 404, "Project with ID 'x' not found"},
		{"unknown folder in a list", list("secretPath", "/x"), access, "SecretPathNotFound", 404,
			"Folder with path '/x' in environment 'prod' was not found. Please ensure the environment slug and secret path is correct."},
		{"unknown environment in a list", query("/api/v3/secrets/raw", "workspaceSlug", project, "environment", "x"), access, "SecretPathNotFound", 404,
			"Folder with path '/' in environment 'x' was not found. Please ensure the environment slug and secret path is correct."},
		{"unknown folder of a secret", single("K", "secretPath", "/x"), access, "GetSecretByName", 404,
			"Folder with path '/x' in environment with slug 'prod' not found"},
		{"unknown secret", single("K"), access, "NotFound", 404, "Secret with name 'K' not found"},
		{"another project's member", list(), stranger, "PermissionDenied", 403, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := request(t, "GET", sim.URL()+tc.path, tc.token, "")
			f := decode[failure](t, got.body)
			if got.status != tc.status || f.Error != tc.error || tc.message != "" && f.Message != tc.message || f.ReqID == "" {
				t.Errorf("got %d %+v", got.status, f)
			}
		})
	}

	got := request(t, "GET", sim.URL()+list("recursive", "1"), access, "")
	issues, _ := decode[failure](t, got.body).Message.([]any)
	if got.status != http.StatusUnprocessableEntity || len(issues) != 1 {
		t.Fatalf("a boolean that is none: %+v", got)
	}
	want := map[string]any{"code": "invalid_enum_value", "path": []any{"recursive"},
		"message": "Invalid enum value. Expected 'true' | 'false', received '1'"}
	if diff := cmp.Diff(want, issues[0]); diff != "" {
		t.Errorf("issue (-want +got):\n%s", diff)
	}
}

func TestReferences(t *testing.T) {
	sim, _ := start(t, infisical.Options{})
	sim.AddProject("other")
	sim.AddIdentity(infisical.Identity{ClientID: "restricted", ClientSecret: "s", Rules: []infisical.Rule{{Path: "/closed", Access: infisical.None}}})
	for key, value := range map[string]string{
		"HOST": "db", "LOCAL": "${HOST}:5432", "FAR": "${prod.app.sub.KEY}!", "CHAIN": "<${FAR}>", "MISSING": "${NONE}",
		"LOOP_A": "${LOOP_B}", "LOOP_B": "${LOOP_A}", "CROSS": "${@other.dev.KEY}", "CLOSED": "${prod.closed.KEY}", "LINES": "${TWO}",
	} {
		sim.SetSecret(project, "prod", "/", key, value)
	}
	sim.EditSecret(project, "prod", "/", "TWO", func(s *infisical.Secret) { s.Value, s.SkipMultilineEncoding = "1\n${HOST}", true })
	sim.SetSecret(project, "prod", "/app/sub", "KEY", "far")
	sim.SetSecret(project, "prod", "/closed", "KEY", "closed")
	sim.SetSecret("other", "dev", "/", "KEY", "other")
	access := token(t, sim, clientID, clientSecret)
	fetch := func(path string) listing {
		return decode[listing](t, request(t, "GET", sim.URL()+path, access, "").body)
	}

	want := map[string]string{
		"/:HOST": "db", "/:LOCAL": "db:5432", "/:FAR": "far!", "/:CHAIN": "<far!>", "/:MISSING": "${NONE}", "/:LOOP_A": "${LOOP_A}",
		"/:LOOP_B": "${LOOP_B}", "/:CROSS": "other", "/:CLOSED": "closed", "/:LINES": "1\ndb", "/:TWO": `"1\ndb"`,
	}
	expand := list("expandSecretReferences", "true")
	if diff := cmp.Diff(want, values(fetch(expand))); diff != "" {
		t.Errorf("expanded (-want +got):\n%s", diff)
	}
	if got := values(fetch(list()))["/:LOCAL"]; got != "${HOST}:5432" {
		t.Errorf("not expanded: %q", got)
	}
	before := request(t, "GET", sim.URL()+expand, access, "")
	sim.SetSecret(project, "prod", "/app/sub", "KEY", "changed")
	after := request(t, "GET", sim.URL()+expand, access, "")
	for _, s := range decode[listing](t, after.body).Secrets {
		if s.SecretKey == "FAR" && (s.Version != 1 || s.SecretValue != "changed!") {
			t.Errorf("a referenced secret changed: %+v", s)
		}
	}
	if before.header.Get("ETag") == after.header.Get("ETag") {
		t.Error("the ETag does not cover references")
	}
	got := request(t, "GET", sim.URL()+expand, token(t, sim, "restricted", "s"), "")
	if f := decode[failure](t, got.body); got.status != 403 || f.Message != "Failed to expand one or more secret references" {
		t.Errorf("a reference that may not be read: %+v", got)
	}
	sim.Change(func(b *infisical.Behaviour) { b.EmptyReferences = true })
	if got := values(fetch(expand))["/:MISSING"]; got != "" {
		t.Errorf("older servers: %q", got)
	}
}

func TestHiddenValuesAndPermissions(t *testing.T) {
	sim, _ := start(t, infisical.Options{})
	sim.AddIdentity(infisical.Identity{ClientID: "restricted", ClientSecret: "s", Rules: []infisical.Rule{
		{Path: "/none", Access: infisical.None}, {Path: "/describe", Access: infisical.Describe},
	}})
	for _, path := range []string{"/", "/none", "/describe", "/open"} {
		sim.SetSecret(project, "prod", path, "K", "v")
	}
	sim.EditSecret(project, "prod", "/open", "HIDDEN", func(s *infisical.Secret) { s.Value, s.Hidden = "v", true })
	access := token(t, sim, "restricted", "s")

	const hidden = "<hidden-by-infisical>"
	got := request(t, "GET", sim.URL()+list("recursive", "true"), access, "")
	want := map[string]string{"/:K": "v", "/describe:K": hidden, "/open:K": "v", "/open:HIDDEN": hidden}
	if diff := cmp.Diff(want, values(decode[listing](t, got.body))); diff != "" {
		t.Errorf("recursive (-want +got):\n%s", diff)
	}
	for _, path := range []string{"/none", "/describe"} {
		if got := request(t, "GET", sim.URL()+list("secretPath", path), access, ""); got.status != 403 {
			t.Errorf("list of %s: %+v", path, got)
		}
		if got := request(t, "GET", sim.URL()+single("K", "secretPath", path), access, ""); got.status != 403 {
			t.Errorf("secret of %s: %+v", path, got)
		}
	}
	got = request(t, "GET", sim.URL()+single("K", "viewSecretValue", "false"), access, "")
	if one := decode[struct{ Secret secret }](t, got.body).Secret; one.SecretValue != hidden || !one.SecretValueHidden {
		t.Errorf("a value that is not asked for: %+v", one)
	}
}

func TestETags(t *testing.T) {
	sim, _ := start(t, infisical.Options{})
	sim.SetSecret(project, "prod", "/", "K", "v")
	access := token(t, sim, clientID, clientSecret)
	get := func(etag string) answer {
		return request(t, "GET", sim.URL()+list(), access, "", "If-None-Match", etag)
	}
	etag := get("").header.Get("ETag")
	if len(etag) != 30 || get("").header.Get("ETag") != etag {
		t.Fatalf("ETag %q", etag)
	}
	for _, sent := range []string{etag, "W/" + etag} {
		if got := get(sent); got.status != http.StatusNotModified || got.body != "" {
			t.Errorf("If-None-Match %s: %+v", sent, got)
		}
	}
	sim.EditSecret(project, "prod", "/", "K", func(s *infisical.Secret) { s.Comment = "c" })
	if got := get(etag); got.status != http.StatusOK || got.header.Get("ETag") == etag {
		t.Errorf("after a change: %+v", got)
	}
	if got := sim.Audits(); got != 5 {
		t.Errorf("%d audits", got)
	}
	sim.Change(func(b *infisical.Behaviour) { b.WeakETags = true })
	if got := get("").header.Get("ETag"); got[:2] != "W/" {
		t.Errorf("weak ETag: %q", got)
	}
	sim.Change(func(b *infisical.Behaviour) { b.OmitETags = true })
	if got := get(etag); got.status != 200 || got.header.Get("ETag") != "" {
		t.Errorf("no ETag: %+v", got)
	}
}

func TestProjectsAndFolders(t *testing.T) {
	sim, id := start(t, infisical.Options{})
	for _, path := range []string{"/cert-manager", "/networking/cloudflared", "/networking/tailscale"} {
		sim.AddFolder(project, "prod", path)
	}
	access := token(t, sim, clientID, clientSecret)
	for _, route := range []string{"/api/v1/projects/slug/", "/api/v1/workspace/slug/", "/api/v2/workspace/"} {
		got := decode[map[string]any](t, request(t, "GET", sim.URL()+route+project, access, "").body)
		if got["id"] != id || got["slug"] != project || len(got["environments"].([]any)) != 3 {
			t.Errorf("%s: %v", route, got)
		}
	}
	var names []string
	got := request(t, "GET", sim.URL()+query("/api/v1/folders", "workspaceId", id, "environment", "prod", "path", "/networking"), access, "")
	for _, f := range decode[struct{ Folders []struct{ Name string } }](t, got.body).Folders {
		names = append(names, f.Name)
	}
	if diff := cmp.Diff([]string{"cloudflared", "tailscale"}, names); diff != "" {
		t.Errorf("folders (-want +got):\n%s", diff)
	}

	again := sim.RecreateProject(project)
	if again == id {
		t.Error("the project's id is the old one")
	}
	if got := request(t, "GET", sim.URL()+query("/api/v3/secrets/raw", "workspaceId", id, "environment", "prod"), access, ""); got.status != 404 {
		t.Errorf("the old id: %+v", got)
	}
	if got := request(t, "GET", sim.URL()+list(), access, ""); got.status != 200 {
		t.Errorf("the slug: %+v", got)
	}
}
