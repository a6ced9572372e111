package connect_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
)

// start returns a running server that ends with the test.
func start(t *testing.T, options connect.Options) *connect.Server {
	t.Helper()
	sim := connect.New(options)
	sim.Start()
	t.Cleanup(sim.Close)
	return sim
}

type answer struct {
	status int
	header http.Header
	body   string
}

func request(t *testing.T, method, address, token, body string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(text)}
}

func get(t *testing.T, sim *connect.Server, path string) answer {
	t.Helper()
	return request(t, http.MethodGet, sim.URL()+path, connect.DefaultToken, "")
}

// decode reads JSON that must be well-formed.
func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var out T
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return out
}

func TestShapes(t *testing.T) {
	at := time.Date(2026, 4, 10, 17, 20, 5, 989445270, time.UTC)
	sim := start(t, connect.Options{Clock: func() time.Time { return at }})
	v := sim.AddVault("pitower")
	item := v.AddItem(connect.Item{
		ID: "2fcbqwe9ndg175zg2dzwftvkpa", Title: "db", Tags: []string{"prod"},
		Sections: []connect.Section{{ID: "95cdbc3b-7742-47ec-9056-44d6af82d562", Label: "Security Questions"}},
		Fields: []connect.Field{
			{ID: "username", Purpose: "USERNAME", Label: "username", Value: "wendy"},
			{ID: "password", Type: "CONCEALED", Purpose: "PASSWORD", Label: "password", Value: "p", Entropy: 148.08,
				PasswordDetails: &connect.PasswordDetails{Entropy: 148, Generated: true, Strength: "FANTASTIC", History: []string{"old"}}},
			{ID: "notesPlain", Purpose: "NOTES", Label: "notesPlain"},
		},
	})
	file := sim.AddFile("pitower", "db", "testfile.txt", []byte("content"))

	summary := map[string]any{
		"id": item.ID, "title": "db", "tags": []any{"prod"}, "version": 2.0, "vault": map[string]any{"id": v.ID}, "category": "LOGIN",
		"lastEditedBy": "SIMULATEDEDITORAAAAAAAAAAA", "createdAt": "2026-04-10T17:20:05.98944527Z", "updatedAt": "2026-04-10T17:20:05.98944527Z",
	}
	list := decode[[]map[string]any](t, get(t, sim, "/v1/vaults/"+v.ID+"/items").body)
	if diff := cmp.Diff([]map[string]any{summary}, list); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}

	summary["sections"] = []any{map[string]any{"id": "95cdbc3b-7742-47ec-9056-44d6af82d562", "label": "Security Questions"}}
	summary["fields"] = []any{
		map[string]any{"id": "username", "type": "STRING", "purpose": "USERNAME", "label": "username", "value": "wendy"},
		map[string]any{"id": "password", "type": "CONCEALED", "purpose": "PASSWORD", "label": "password", "value": "p", "entropy": 148.08,
			"passwordDetails": map[string]any{"entropy": 148.0, "generated": true, "strength": "FANTASTIC", "history": []any{"old"}}},
		map[string]any{"id": "notesPlain", "type": "STRING", "purpose": "NOTES", "label": "notesPlain"},
	}
	summary["files"] = []any{map[string]any{"id": file.ID, "name": "testfile.txt", "size": 7.0,
		"content_path": "v1/vaults/" + v.ID + "/items/" + item.ID + "/files/" + file.ID + "/content"}}
	full := get(t, sim, "/v1/vaults/"+v.ID+"/items/"+item.ID)
	if diff := cmp.Diff(summary, decode[map[string]any](t, full.body)); diff != "" {
		t.Errorf("item (-want +got):\n%s", diff)
	}
	if got := full.header.Get("1Password-Connect-Version"); got != "1.8.1" {
		t.Errorf("version header is %q", got)
	}

	vault := map[string]any{
		"id": v.ID, "name": "pitower", "attributeVersion": 1.0, "contentVersion": 3.0, "items": 1.0, "type": "USER_CREATED",
		"createdAt": "2026-04-10T17:20:05.98944527Z", "updatedAt": "2026-04-10T17:20:05.98944527Z",
	}
	if diff := cmp.Diff(vault, decode[map[string]any](t, get(t, sim, "/v1/vaults/"+v.ID).body)); diff != "" {
		t.Errorf("vault (-want +got):\n%s", diff)
	}
}

func TestErrors(t *testing.T) {
	clock := harness.NewClock()
	sim := start(t, connect.Options{Clock: clock.Now})
	v := sim.AddVault("mine")
	foreign := sim.AddVault("foreign")
	item := v.AddItem(connect.Item{Title: "a"})
	const none = "aaaaaaaaaaaaaaaaaaaaaaaaaa"
	scoped := sim.AddToken(connect.Token{Vaults: []string{"mine"}, ReadOnly: true})
	brief := sim.AddToken(connect.Token{Expires: clock.Now().Add(time.Minute)})
	revoked := sim.AddToken(connect.Token{})
	sim.RevokeToken(revoked)
	gone := sim.AddVault("gone")
	sim.DeleteVault("gone")
	clock.Advance(time.Minute)

	for _, tc := range []struct {
		name, method, path, token string
		status                    int
		message                   string
	}{
		{"no token", "GET", "/v1/vaults", "", 401, "Invalid bearer token"},
		{"unknown token", "GET", "/v1/vaults", "x", 401, "Invalid token signature"},
		{"expired token", "GET", "/v1/vaults", brief, 401, "Invalid bearer token"},
		{"revoked token", "GET", "/v1/vaults", revoked, 401, "Invalid token signature"},
		{"malformed vault", "GET", "/v1/vaults/X", scoped, 400, "Invalid Vault UUID"},
		{"foreign vault", "GET", "/v1/vaults/" + foreign.ID + "/items", scoped, 403, "Authorization: token does not have access to vault " + foreign.ID},
		{"unknown vault", "GET", "/v1/vaults/" + none, connect.DefaultToken, 403, "Authorization: token does not have access to vault " + none},
		{"deleted vault", "GET", "/v1/vaults/" + gone.ID, connect.DefaultToken, 404, "vault " + gone.ID + " not found"},
		{"malformed item", "GET", "/v1/vaults/" + v.ID + "/items/a", scoped, 400, "Invalid Item UUID"},
		{"unknown item", "GET", "/v1/vaults/" + v.ID + "/items/" + none, scoped, 404, "item " + none + " not found"},
		{"unknown file", "GET", "/v1/vaults/" + v.ID + "/items/" + item.ID + "/files/f/content", scoped, 404, "file f not found"},
		{"read-only token", "DELETE", "/v1/vaults/" + v.ID + "/items/" + item.ID, scoped, 403,
			"Authorization: token does not have permission to perform delete on vault " + v.ID},
		{"unknown path", "GET", "/v1/nothing", scoped, 404, "Not Found"},
		{"path that is not clean", "GET", "/v1//vaults", scoped, 404, "Not Found"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := request(t, tc.method, sim.URL()+tc.path, tc.token, "")
			want := map[string]any{"status": float64(tc.status), "message": tc.message}
			if diff := cmp.Diff(want, decode[map[string]any](t, got.body)); diff != "" || got.status != tc.status {
				t.Errorf("status %d (-want +got):\n%s", got.status, diff)
			}
		})
	}
	if rows := decode[[]connect.Vault](t, request(t, "GET", sim.URL()+"/v1/vaults", scoped, "").body); len(rows) != 1 || rows[0].ID != v.ID {
		t.Errorf("a scoped token lists %v", rows)
	}
}

func TestFilters(t *testing.T) {
	sim := start(t, connect.Options{})
	v := sim.AddVault("Pi Tower")
	sim.AddVault("other")
	for _, item := range []connect.Item{{Title: "a"}, {Title: "a", Tags: []string{"x"}}, {Title: `q"uote`}} {
		v.AddItem(item)
	}
	items := "/v1/vaults/" + v.ID + "/items"
	for _, tc := range []struct {
		path, filter string
		rows         int // -1 means 400
	}{
		{"/v1/vaults", `name eq "pi tower"`, 1},
		{"/v1/vaults", `title eq "Pi Tower"`, 1},
		{"/v1/vaults", `name eq "none"`, 0},
		{"/v1/vaults", `tag eq "x"`, -1},
		{items, `title eq "a"`, 2},
		{items, `title eq "A"`, 0},
		{items, `tag eq "x"`, 1},
		{items, `title eq "q\"uote"`, 1},
		{items, `title eq "q"uote"`, -1},
		{items, `title eq 'a'`, -1},
		{items, `title co "a"`, -1},
		{items, `title pr`, -1},
		{items, `title eq "a" or title eq "b"`, -1},
		{items, ``, -1},
	} {
		got := get(t, sim, tc.path+"?filter="+url.QueryEscape(tc.filter))
		if tc.rows < 0 {
			if got.status != http.StatusBadRequest {
				t.Errorf("%s %s: status %d", tc.path, tc.filter, got.status)
			}
			continue
		}
		if rows := decode[[]any](t, got.body); len(rows) != tc.rows {
			t.Errorf("%s %s: %d rows", tc.path, tc.filter, len(rows))
		}
	}
	sim.Change(func(b *connect.Behaviour) { b.FoldTitles = true })
	if rows := decode[[]any](t, get(t, sim, items+"?filter="+url.QueryEscape(`title eq "A"`)).body); len(rows) != 2 {
		t.Errorf("folded titles: %d rows", len(rows))
	}
}

func TestEditsMoveVersions(t *testing.T) {
	sim := start(t, connect.Options{})
	v, to := sim.AddVault("v"), sim.AddVault("to")
	item := v.AddItem(connect.Item{Title: "a", Fields: []connect.Field{connect.Concealed("password", "one")}})

	edits := []func(){
		func() { sim.SetField("v", "a", "password", "two") },
		func() { sim.RenameItem("v", "a", "b") },
		func() { sim.AddFile("v", "b", "f", []byte("x")) },
		func() { sim.ArchiveItem("v", "b") },
		func() { sim.RestoreItem("v", "b") },
	}
	for n, edit := range edits {
		edit()
		if got := sim.Item("v", item.ID); got.Version != n+2 {
			t.Errorf("edit %d: version %d", n, got.Version)
		}
		if got := decode[connect.Vault](t, get(t, sim, "/v1/vaults/"+v.ID).body); *got.ContentVersion != n+3 {
			t.Errorf("edit %d: contentVersion %d", n, *got.ContentVersion)
		}
	}

	moved := sim.MoveItem("v", "b", "to")
	if moved.ID == item.ID || moved.Vault.ID != to.ID {
		t.Errorf("moved to %+v", moved)
	}
	if got := get(t, sim, "/v1/vaults/"+v.ID+"/items/"+item.ID); got.status != http.StatusNotFound {
		t.Errorf("the old place answers %d", got.status)
	}
	if rows := decode[[]any](t, get(t, sim, "/v1/vaults/"+v.ID+"/items").body); len(rows) != 0 {
		t.Errorf("the old place lists %v", rows)
	}
	sim.DeleteItem("to", "b")
	if got := get(t, sim, "/v1/vaults/"+to.ID+"/items/"+moved.ID); got.status != http.StatusNotFound {
		t.Errorf("a deleted item answers %d", got.status)
	}
}

func TestLag(t *testing.T) {
	clock := harness.NewClock()
	sim := start(t, connect.Options{Clock: clock.Now, Behaviour: connect.Behaviour{Lag: time.Minute}})
	v := sim.AddVault("v")
	v.AddItem(connect.Item{Title: "a"})
	items := "/v1/vaults/" + v.ID + "/items"
	if got := get(t, sim, items); got.status != http.StatusForbidden {
		t.Fatalf("a vault that is not synced answers %d", got.status)
	}
	clock.Advance(time.Minute)
	if rows := decode[[]any](t, get(t, sim, items).body); len(rows) != 1 {
		t.Fatalf("after the lag: %v", rows)
	}

	sim.Change(func(b *connect.Behaviour) { b.Lag = connect.UntilSync })
	created := request(t, "POST", sim.URL()+items, connect.DefaultToken, `{"title":"b","category":"LOGIN","vault":{"id":"`+v.ID+`"}}`)
	id := decode[connect.Item](t, created.body).ID
	if created.status != http.StatusOK || id == "" {
		t.Fatalf("create: %+v", created)
	}
	clock.Advance(time.Hour)
	if got := get(t, sim, items+"/"+id); got.status != http.StatusNotFound {
		t.Errorf("seen before the sync: %d", got.status)
	}
	sim.Sync()
	if got := get(t, sim, items+"/"+id); got.status != http.StatusOK {
		t.Errorf("not seen after the sync: %d", got.status)
	}
}

func TestBehaviour(t *testing.T) {
	sim := start(t, connect.Options{})
	v := sim.AddVault("v")
	item := v.AddItem(connect.Item{Title: "a", Fields: []connect.Field{connect.Text("f", "one")}})
	vault, items := "/v1/vaults/"+v.ID, "/v1/vaults/"+v.ID+"/items"
	with := func(b connect.Behaviour) { sim.Change(func(current *connect.Behaviour) { *current = b }) }

	with(connect.Behaviour{OmitVersion: true})
	if _, ok := get(t, sim, vault).header["1password-Connect-Version"]; ok {
		t.Error("the version header is there")
	}
	with(connect.Behaviour{VaultRows: connect.RowsBrief})
	if row := decode[[]map[string]any](t, get(t, sim, "/v1/vaults").body)[0]; row["contentVersion"] != nil || row["updatedAt"] != nil {
		t.Errorf("brief row: %v", row)
	}
	with(connect.Behaviour{VaultRows: connect.RowsZero})
	if row := decode[[]map[string]any](t, get(t, sim, "/v1/vaults").body)[0]; row["contentVersion"] != 0.0 {
		t.Errorf("zero row: %v", row)
	}
	with(connect.Behaviour{OmitContentVersion: true})
	if got := decode[map[string]any](t, get(t, sim, vault).body); got["contentVersion"] != nil {
		t.Errorf("vault: %v", got)
	}
	with(connect.Behaviour{ForbidEvery: 3})
	forbidden := 0
	for range 9 {
		if get(t, sim, vault).status == http.StatusForbidden {
			forbidden++
		}
	}
	if forbidden != 3 {
		t.Errorf("%d of 9 forbidden", forbidden)
	}
	with(connect.Behaviour{NeverSynced: true})
	if got := get(t, sim, vault); got.status != 500 || !strings.Contains(got.body, "failed to initiate, review service logs for details") {
		t.Errorf("never synced: %+v", got)
	}
	with(connect.Behaviour{RefuseFirst: true})
	if first, second := get(t, sim, vault).status, get(t, sim, vault).status; first != 401 || second != 200 {
		t.Errorf("first requests: %d, %d", first, second)
	}
	with(connect.Behaviour{StaleItems: true})
	sim.SetField("v", "a", "f", "two")
	if got := decode[connect.Item](t, get(t, sim, items+"/"+item.ID).body); got.Version != 1 || got.Fields[0].Value != "one" {
		t.Errorf("stale item: %+v", got)
	}
	with(connect.Behaviour{Unlisted: []string{item.ID}})
	if got := decode[[]connect.Item](t, get(t, sim, items).body); len(got) != 0 {
		t.Errorf("unlisted: %+v", got)
	}
	sim.ArchiveItem("v", "a")
	for _, listed := range []bool{false, true} {
		for _, read := range []bool{false, true} {
			with(connect.Behaviour{ListArchived: listed, ReadArchived: read})
			got := decode[[]connect.Item](t, get(t, sim, items).body)
			if len(got) == 1 != listed || listed && got[0].State != "ARCHIVED" {
				t.Errorf("archived, listed=%v: %+v", listed, got)
			}
			if status := get(t, sim, items+"/"+item.ID).status; status == 200 != read {
				t.Errorf("archived, read=%v: %d", read, status)
			}
		}
	}
}

func TestFiles(t *testing.T) {
	sim := start(t, connect.Options{Behaviour: connect.Behaviour{MaxInlineFile: 4, LeadingSlash: true}})
	v := sim.AddVault("v")
	item := v.AddItem(connect.Item{Title: "a"})
	small := sim.AddFile("v", "a", "small", []byte("1234"))
	large := sim.AddFile("v", "a", "large", []byte("12345"))
	files := "/v1/vaults/" + v.ID + "/items/" + item.ID + "/files"

	content := get(t, sim, files+"/"+large.ID+"/content")
	if content.body != "12345" || content.header.Get("Content-Type") != "application/octet-stream" ||
		content.header.Get("Content-Disposition") != `attachment; filename="large"` {
		t.Errorf("content: %+v", content)
	}
	inline := decode[connect.File](t, get(t, sim, files+"/"+small.ID+"?inline_files=true").body)
	if string(inline.Content) != "1234" || !strings.HasPrefix(inline.ContentPath, "/v1/") {
		t.Errorf("inline: %+v", inline)
	}
	if got := get(t, sim, files+"?inline_files=true"); got.status != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: %d", got.status)
	}
	if got := decode[[]connect.File](t, get(t, sim, files).body); len(got) != 2 || got[0].Content != nil {
		t.Errorf("list: %+v", got)
	}
	sim.Change(func(b *connect.Behaviour) { b.FilesNotSynced = true })
	if got := get(t, sim, files+"/"+small.ID+"/content"); got.status != http.StatusInternalServerError {
		t.Errorf("not synced: %d", got.status)
	}
}

func TestOneTimeCodesMove(t *testing.T) {
	// Secret, times and codes are those of RFC 6238, appendix B, cut to six digits.
	at := time.Unix(59, 0)
	sim := start(t, connect.Options{Clock: func() time.Time { return at }})
	v := sim.AddVault("v")
	item := v.AddItem(connect.Item{Title: "a", Fields: []connect.Field{
		{Type: "OTP", Label: "code", Value: "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"},
	}})
	for seconds, want := range map[int64]string{59: "287082", 1111111109: "081804", 2000000000: "279037"} {
		at = time.Unix(seconds, 0)
		got := decode[connect.Item](t, get(t, sim, "/v1/vaults/"+v.ID+"/items/"+item.ID).body)
		if got.Fields[0].TOTP != want || got.Version != 1 {
			t.Errorf("at %d: %s, version %d", seconds, got.Fields[0].TOTP, got.Version)
		}
	}
}

func TestPatch(t *testing.T) {
	sim := start(t, connect.Options{})
	v := sim.AddVault("v")
	item := v.AddItem(connect.Item{Title: "a", Tags: []string{"x", "y"}, Fields: []connect.Field{
		{ID: "one", Label: "one", Value: "1"}, {ID: "two", Label: "two", Value: "2"},
	}})
	address := sim.URL() + "/v1/vaults/" + v.ID + "/items/" + item.ID
	got := request(t, "PATCH", address, connect.DefaultToken, `[
		{"op":"replace","path":"/favorite","value":true},
		{"op":"remove","path":"/tags/1"},
		{"op":"add","path":"/fields","value":{"label":"three","type":"STRING","value":"3"}},
		{"op":"replace","path":"/fields/one/value","value":"uno"},
		{"op":"remove","path":"/fields/two"}]`)
	patched := decode[connect.Item](t, got.body)
	if got.status != 200 || !patched.Favorite || len(patched.Tags) != 1 || patched.Version != 2 || len(patched.Fields) != 2 ||
		patched.Fields[0].Value != "uno" || patched.Fields[1].Label != "three" {
		t.Errorf("patched: %+v", got)
	}
	got = request(t, "PATCH", address, connect.DefaultToken, `[{"op":"replace","path":"/fields/none/value","value":"x"}]`)
	if got.status != 400 || !strings.Contains(got.body, "The item doesn't have a none field.") {
		t.Errorf("unknown field: %+v", got)
	}
	got = request(t, "PUT", address, connect.DefaultToken, `{"title":"b","category":"NONE"}`)
	if got.status != 400 || !strings.Contains(got.body, "Invalid item category") {
		t.Errorf("bad category: %+v", got)
	}
}

func TestHealthAndActivity(t *testing.T) {
	sim := start(t, connect.Options{})
	v := sim.AddVault("v")
	health := func() string { return request(t, "GET", sim.URL()+"/health", "", "").body }
	if got := health(); !strings.Contains(got, "TOKEN_NEEDED") {
		t.Errorf("before a token: %s", got)
	}
	get(t, sim, "/v1/vaults/"+v.ID)
	get(t, sim, "/v1/vaults/"+v.ID+"/items")
	if got := health(); strings.Contains(got, "TOKEN_NEEDED") {
		t.Errorf("after a token: %s", got)
	}
	if got := request(t, "GET", sim.URL()+"/heartbeat", "", ""); got.body != "." {
		t.Errorf("heartbeat: %+v", got)
	}
	activity := get(t, sim, "/v1/activity?limit=1")
	if rows := decode[[]map[string]any](t, activity.body); len(rows) != 1 || activity.header.Get("Content-Range") != "1-1/2" {
		t.Errorf("activity: %+v", activity)
	}
	if got := get(t, sim, "/metrics").body; !strings.Contains(got, `simulator_requests_total{route="GET /v1/vaults/{vault}/items"} 1`) {
		t.Errorf("metrics: %s", got)
	}
}
