package connect_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	sdk "github.com/1Password/connect-sdk-go/connect"
	"github.com/1Password/connect-sdk-go/onepassword"
	"github.com/google/go-cmp/cmp"
	"github.com/opentracing/opentracing-go"

	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/harness"
)

// client returns the official SDK, talking to the simulator.
func client(sim *connect.Server) sdk.Client {
	// Without a tracer of its own the SDK starts one that dials out.
	opentracing.SetGlobalTracer(opentracing.NoopTracer{})
	return sdk.NewClient(sim.URL(), connect.DefaultToken)
}

func TestSDKReads(t *testing.T) {
	// The SDK puts content_path right after the host.
	sim := start(t, connect.Options{Behaviour: connect.Behaviour{LeadingSlash: true}})
	v := sim.AddVault("pitower")
	item := v.AddItem(connect.Item{Title: "my-app", Fields: []connect.Field{
		connect.Concealed("password", "not-a-password"),
		{Type: "OTP", Label: "code", Value: "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"},
	}})
	sim.AddFile("pitower", "my-app", "ca.crt", []byte("not a certificate"))

	got, err := client(sim).GetItemByTitle("my-app", v.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != item.ID || got.Version != 2 || got.Fields[0].Value != "not-a-password" || len(got.Fields[1].TOTP) != 6 {
		t.Errorf("item: %+v", got)
	}
	want := map[string]int{connect.RouteItems: 1, connect.RouteItem: 1}
	if diff := cmp.Diff(want, sim.Requests.Counts()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	content, err := client(sim).GetFileContent(got.Files[0])
	if err != nil || string(content) != "not a certificate" {
		t.Errorf("file: %q, %v", content, err)
	}
	vault, err := client(sim).GetVaultByTitle("PITOWER")
	if err != nil || vault.ID != v.ID || vault.ContentVersion != 3 || vault.Items != 1 {
		t.Errorf("vault: %+v, %v", vault, err)
	}
}

func TestSDKWrites(t *testing.T) {
	sim := start(t, connect.Options{})
	v := sim.AddVault("v")
	created, err := client(sim).CreateItem(&onepassword.Item{
		Title: "a", Category: onepassword.Login, Vault: onepassword.ItemVault{ID: v.ID},
		Fields: []*onepassword.ItemField{{Label: "f", Value: "one"}},
	}, v.ID)
	if err != nil {
		t.Fatal(err)
	}
	created.Fields[0].Value = "two"
	updated, err := client(sim).UpdateItem(created, v.ID)
	if err != nil || updated.Version != 2 || sim.Item("v", "a").Fields[0].Value != "two" {
		t.Errorf("update: %+v, %v", updated, err)
	}
	if err := client(sim).DeleteItem(updated, v.ID); err != nil {
		t.Error(err)
	}
	if items, err := client(sim).GetItems(v.ID); err != nil || len(items) != 0 {
		t.Errorf("after the delete: %v, %v", items, err)
	}
}

// What the SDK makes of faults decides what the provider must guard against.
func TestSDKSeesFaults(t *testing.T) {
	sim := start(t, connect.Options{})
	v := sim.AddVault("v")
	item := v.AddItem(connect.Item{Title: "a"})
	reset := func() {
		sim.Faults.Clear()
		sim.Requests.Reset()
	}

	t.Run("GetItem loses a 403 and asks twice", func(t *testing.T) {
		defer reset()
		sim.Faults.Add(harness.JSON(403, `{"status":403,"message":"no"}`).On(connect.RouteItem))
		sim.Faults.Add(harness.JSON(200, `[]`).On(connect.RouteItems))
		_, err := client(sim).GetItem(item.ID, v.ID)
		if err == nil || !strings.Contains(err.Error(), "Found 0 item(s)") {
			t.Errorf("error: %v", err)
		}
		if got := sim.Requests.Total(); got != 2 {
			t.Errorf("%d requests", got)
		}
	})
	t.Run("two items of one title cost three requests", func(t *testing.T) {
		defer reset()
		v.AddItem(connect.Item{Title: "twice"})
		v.AddItem(connect.Item{Title: "twice"})
		_, err := client(sim).GetItemByTitle("twice", v.ID)
		if err == nil || !strings.Contains(err.Error(), "Found 2 item(s)") {
			t.Errorf("error: %v", err)
		}
		if got := sim.Requests.Total(); got != 3 {
			t.Errorf("%d requests", got)
		}
	})
	t.Run("the status is taken from the body", func(t *testing.T) {
		defer reset()
		sim.Faults.Add(harness.JSON(502, `{"error":"bad gateway"}`))
		_, err := client(sim).GetItemByUUID(item.ID, v.ID)
		var failed *onepassword.Error
		if !errors.As(err, &failed) || failed.StatusCode != 0 {
			t.Errorf("error: %#v", err)
		}
	})
	t.Run("a page keeps its status", func(t *testing.T) {
		defer reset()
		sim.Faults.Add(harness.HTML(503))
		_, err := client(sim).GetItemByUUID(item.ID, v.ID)
		var failed *onepassword.Error
		if !errors.As(err, &failed) || failed.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("error: %#v", err)
		}
	})
	t.Run("null is an item", func(t *testing.T) {
		defer reset()
		sim.Faults.Add(harness.JSON(200, `null`))
		got, err := client(sim).GetItemByUUID(item.ID, v.ID)
		if err != nil || got.ID != "" {
			t.Errorf("%+v, %v", got, err)
		}
	})
	t.Run("files need the version header", func(t *testing.T) {
		defer reset()
		sim.AddFile("v", "a", "f", []byte("x"))
		sim.Change(func(b *connect.Behaviour) { b.OmitVersion, b.LeadingSlash = true, true })
		got, err := client(sim).GetItemByUUID(item.ID, v.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client(sim).GetFileContent(got.Files[0]); err == nil || !strings.Contains(err.Error(), "1.3.0") {
			t.Errorf("error: %v", err)
		}
	})
}
