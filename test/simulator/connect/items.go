package connect

import (
	"net/http"
	"slices"
	"strings"
)

// listItems answers with summaries: items without sections, fields and files.
func (s *Server) listItems(c *call) (any, error) {
	attribute, value, err := parseFilter(c.Request, "title", "tag")
	if err != nil {
		return nil, err
	}
	rows := []Item{}
	for _, id := range c.vault.order {
		item := c.vault.items[id].item
		if !visible(item, s.behaviour.ListArchived) || slices.Contains(s.behaviour.Unlisted, id) || !s.matches(item, attribute, value) {
			continue
		}
		row := *item
		row.Sections, row.Fields, row.Files = nil, nil, nil
		rows = append(rows, row)
	}
	return rows, nil
}

func (s *Server) matches(item *Item, attribute, value string) bool {
	switch attribute {
	case "title":
		return item.Title == value || s.behaviour.FoldTitles && strings.EqualFold(item.Title, value)
	case "tag":
		return slices.Contains(item.Tags, value)
	default:
		return true
	}
}

// visible says whether an item is seen where archived ones are or are not.
func visible(item *Item, archived bool) bool { return item.State == "" || archived }

func (s *Server) getItem(c *call) (any, error) {
	item := c.item.item
	if s.behaviour.StaleItems && c.item.before != nil {
		item = c.item.before
	}
	return s.full(item), nil
}

// full is an item as it is sent: with one-time codes and paths of files.
func (s *Server) full(item *Item) *Item {
	out := item.clone()
	for n := range out.Fields {
		if out.Fields[n].Type == "OTP" {
			out.Fields[n].TOTP = totp(out.Fields[n].Value, s.clock())
		}
	}
	for n := range out.Files {
		out.Files[n] = s.fileWire(item, out.Files[n])
	}
	return out
}

func (s *Server) createItem(c *call) (any, error) {
	item, err := readItem(c.Request)
	if err != nil {
		return nil, err
	}
	item.ID, item.Version, item.State, item.Files = "", 0, "", nil
	return s.full(s.add(c.vault.id, item)), nil
}

func (s *Server) replaceItem(c *call) (any, error) {
	item, err := readItem(c.Request)
	if err != nil {
		return nil, err
	}
	return s.save(c, func(stored *Item) {
		item.State, item.Files = stored.State, stored.Files
		*stored = item
	})
}

func (s *Server) deleteItem(c *call) (any, error) {
	s.remove(c.vault.id, c.item.item.ID)
	return &raw{}, nil
}

// save edits the item as it is at 1Password.com, which may be ahead of Connect's copy.
func (s *Server) save(c *call, edit func(*Item)) (any, error) {
	id := c.item.item.ID
	if v := s.cloud.byID[c.vault.id]; v != nil && v.items[id] != nil {
		return s.full(s.edit(v.id, v.items[id].item, edit)), nil
	}
	return nil, failf(http.StatusNotFound, "item %s not found", id)
}
