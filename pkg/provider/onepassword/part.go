package onepassword

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	sdk "github.com/1Password/connect-sdk-go/connect"
	sdkmodel "github.com/1Password/connect-sdk-go/onepassword"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// item is a whole item. It implements provider.Part.
type item struct {
	id, title string
	// state is empty for an active item.
	state    string
	version  int
	document bool
	updated  time.Time
	fields   []entry
	files    []entry
	size     int64
}

// entry is a field or a file of an item.
type entry struct {
	// section and sectionID are empty outside of any section.
	section, sectionID string
	// name is a field's label or a file's name.
	name string
	// value is a field's; oneTime tells that it is what one-time codes are computed from.
	value   value.Value
	oneTime bool
	// fileID and fileSize are a file's.
	fileID   string
	fileSize int
}

// content is what a file holds. It implements provider.Part.
type content struct {
	value value.Value
}

// Size implements provider.Part.
func (i *item) Size() int64 { return i.size }

// Size implements provider.Part.
func (c *content) Size() int64 { return int64(c.value.Len()) }

// itemPart names an item at the version of its row.
func itemPart(r row) provider.PartID {
	return provider.PartID(r.id + "@" + stamp(r.version, r.updated))
}

// filePart names the content of a file. The item's version belongs to it: a file whose content is replaced by one of the
// same length may keep its id.
func (i *item) filePart(file entry) provider.PartID {
	return provider.PartID(fmt.Sprintf("%s@%s/%s/%d", i.id, stamp(i.version, i.updated), file.fileID, file.fileSize))
}

// stamp is what changes with an item: its version, and its time where the server gives no version.
func stamp(version int, updated time.Time) string {
	if version > 0 {
		return strconv.Itoa(version)
	}
	return fmt.Sprintf("0.%d", updated.UnixNano())
}

// Load implements provider.Client. An item that is newer than its row is taken, one that is older comes from a replica that
// lags behind the list and is not.
func (c *client) Load(ctx context.Context, scope provider.Scope, of provider.Picture, part provider.PartID) (provider.Part, error) {
	shown, ok := of.(*picture)
	if !ok {
		return nil, provider.Errorf(provider.Unavailable, "vault %q was not seen yet", scope.Name)
	}
	named, file, isFile := strings.Cut(string(part), "/")
	id, stamped, _ := strings.Cut(named, "@")
	if isFile {
		fileID, size, _ := strings.Cut(file, "/")
		return c.readFile(ctx, scope.Name, shown.vaultID, id, fileID, size != "0")
	}
	counted, _, _ := strings.Cut(stamped, ".")
	version, err := strconv.Atoi(counted)
	if err != nil {
		return nil, provider.Errorf(provider.Invalid, "%q names no item", part)
	}
	loaded, err := c.readItem(ctx, scope.Name, shown.vaultID, id)
	if err != nil {
		return nil, err
	}
	if loaded.version < version {
		return nil, provider.Errorf(provider.Unavailable, "item %s of vault %q is older than the list says: Connect has not caught up", id, scope.Name)
	}
	return loaded, nil
}

// readItem reads a whole item by its id, in one request. What has neither fields nor files is a row, not an item.
func (c *client) readItem(ctx context.Context, vault, vaultID, id string) (*item, error) {
	var state string
	read, err := send(ctx, c, request{
		subject: fmt.Sprintf("item %s of vault %q", id, vault), limit: maxItem, absent: provider.Unavailable,
		check: jsonOf(func(i struct {
			ID, State     string
			Fields, Files []struct{}
		}) error {
			if i.Fields == nil && i.Files == nil {
				return errors.New("an item without its content")
			}
			state = i.State
			return sameID(i.ID, id)
		}),
	}, func(s sdk.Client) (*sdkmodel.Item, error) { return s.GetItemByUUID(id, vaultID) })
	if err != nil {
		return nil, err
	}
	return newItem(read, state), nil
}

// readFile reads the content of a file. The path is built here: the one that Connect gives has a slash at its start in some
// versions and none in others.
func (c *client) readFile(ctx context.Context, vault, vaultID, itemID, fileID string, filled bool) (*content, error) {
	r := request{
		subject: fmt.Sprintf("a file of item %s of vault %q", itemID, vault), limit: maxFile, absent: provider.Unavailable,
		check: func(h http.Header, body []byte) error {
			if strings.HasPrefix(h.Get("Content-Type"), "text/html") || filled && len(body) == 0 {
				return errors.New("no content of a file")
			}
			return nil
		},
	}
	if !idPattern.MatchString(fileID) {
		return nil, provider.Errorf(provider.Unavailable, "%s: its id is not one of Connect's", r.subject)
	}
	path := fmt.Sprintf("/v1/vaults/%s/items/%s/files/%s/content", vaultID, itemID, fileID)
	read, err := send(ctx, c, r, func(s sdk.Client) ([]byte, error) {
		return s.GetFileContent(&sdkmodel.File{ID: fileID, ContentPath: path})
	})
	if err != nil {
		return nil, err
	}
	return &content{value: value.New(read)}, nil
}

// entryOverhead is about what a field or a file takes beside its text.
const entryOverhead = 160

// newItem takes from the SDK's model what is needed. The value of a one-time password is its otpauth URI: the code itself
// changes without a version.
func newItem(from *sdkmodel.Item, state string) *item {
	i := &item{
		id: from.ID, title: from.Title, state: state, version: from.Version,
		document: from.Category == sdkmodel.Document, updated: from.UpdatedAt, size: int64(len(from.Title)),
	}
	sections := map[string]string{}
	for _, s := range from.Sections {
		if s != nil {
			sections[s.ID] = s.Label
		}
	}
	place := func(e entry, s *sdkmodel.ItemSection) entry {
		if s != nil {
			e.sectionID, e.section = s.ID, sections[s.ID]
		}
		i.size += int64(entryOverhead + len(e.name) + len(e.section) + len(e.sectionID) + e.value.Len())
		return e
	}
	for _, f := range from.Fields {
		if f != nil {
			i.fields = append(i.fields, place(entry{name: f.Label, value: value.FromString(f.Value), oneTime: isOneTime(f.Type)}, f.Section))
		}
	}
	for _, f := range from.Files {
		if f != nil {
			i.files = append(i.files, place(entry{name: f.Name, fileID: f.ID, fileSize: f.Size}, f.Section))
		}
	}
	return i
}
