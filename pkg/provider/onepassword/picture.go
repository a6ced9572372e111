package onepassword

import (
	"slices"
	"strconv"
	"time"

	sdkmodel "github.com/1Password/connect-sdk-go/onepassword"
)

// row is what a list of items tells of one.
type row struct {
	id, title string
	// category is Connect's word, also where the SDK does not know it.
	category string
	// urls begin with the primary one.
	tags, urls []string
	version    int
	// state is empty for an active item.
	state            string
	created, updated time.Time
}

// unmodelled is what the SDK's model of an item drops, or bends.
type unmodelled struct{ ID, State, Category string }

func newRow(i *sdkmodel.Item, more unmodelled) row {
	r := row{
		id: i.ID, title: i.Title, category: more.Category, tags: slices.Clip(i.Tags), version: i.Version,
		state: more.State, created: i.CreatedAt, updated: i.UpdatedAt,
	}
	for _, u := range i.URLs {
		if u.Primary {
			r.urls = slices.Insert(r.urls, 0, u.URL)
		} else {
			r.urls = append(r.urls, u.URL)
		}
	}
	return r
}

// document tells an item whose content is its files.
func (r row) document() bool { return r.category == string(sdkmodel.Document) }

// active tells an item from one that was archived, which counts as absent.
func (r row) active() bool { return r.state == "" }

func (r row) equal(other row) bool {
	return r.id == other.id && r.title == other.title && r.category == other.category && slices.Equal(r.tags, other.tags) &&
		slices.Equal(r.urls, other.urls) && r.version == other.version && r.state == other.state &&
		r.created.Equal(other.created) && r.updated.Equal(other.updated)
}

// picture is a vault: which items it has, at which versions. It implements provider.Picture.
type picture struct {
	vaultID string
	// contentVersion is what the vault said before the rows were read; 0 where it says nothing.
	contentVersion int
	// rows are in the server's order.
	rows []row
	// byID leads to all rows, byTitle to the active ones.
	byID    map[string]int
	byTitle map[string][]int
	size    int64
}

// newPicture makes the picture of a vault, or returns held where it shows the same. Of an item that is held at a higher
// version than the list has, the held row stays: the list is that of a replica that lags.
func newPicture(vault sdkmodel.Vault, rows []row, held *picture) *picture {
	if held != nil {
		for i, r := range rows {
			if n, ok := held.byID[r.id]; ok && held.rows[n].version > r.version {
				rows[i] = held.rows[n]
			}
		}
		if held.contentVersion == vault.ContentVersion && slices.EqualFunc(held.rows, rows, row.equal) {
			return held
		}
	}
	p := &picture{
		vaultID: vault.ID, contentVersion: vault.ContentVersion, rows: rows,
		byID: make(map[string]int, len(rows)), byTitle: make(map[string][]int, len(rows)),
		size: pictureOverhead,
	}
	for i, r := range rows {
		p.size += r.size()
		p.byID[r.id] = i
		if r.active() {
			p.byTitle[r.title] = append(p.byTitle[r.title], i)
		}
	}
	return p
}

// About what is taken beside text: by a picture, by a row with its two index entries, by a string.
const (
	pictureOverhead = 256
	rowOverhead     = 256
	stringOverhead  = 16
)

func (r row) size() int64 {
	n := rowOverhead + len(r.id) + len(r.title) + len(r.category)
	for _, texts := range [][]string{r.tags, r.urls} {
		for _, text := range texts {
			n += len(text) + stringOverhead
		}
	}
	return int64(n)
}

// Size implements provider.Picture.
func (p *picture) Size() int64 { return p.size }

// versionText is a version as users see it; empty where the server gives none.
func versionText(version int) string {
	if version == 0 {
		return ""
	}
	return strconv.Itoa(version)
}
