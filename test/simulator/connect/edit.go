package connect

import (
	"fmt"
	"slices"
	"time"
)

// VaultHandle is a vault for further edits.
type VaultHandle struct {
	ID     string
	server *Server
}

// AddItem adds an item to the vault and returns it as it is stored.
func (v VaultHandle) AddItem(item Item) Item { return v.server.AddItem(v.ID, item) }

// AddVault adds a vault at 1Password.com. Names need not be unique.
func (s *Server) AddVault(name string) VaultHandle {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, now := NewID(), s.now()
	s.commit(func(w *world) {
		v := &vault{
			id: id, name: name, kind: "USER_CREATED", attributes: 1, content: 1,
			createdAt: now, updatedAt: now, items: map[string]*record{},
		}
		w.vaults = append(w.vaults, v)
		w.byID[id] = v
		w.known[id] = true
	})
	return VaultHandle{ID: id, server: s}
}

// RenameVault renames a vault, named by id or name.
func (s *Server) RenameVault(vaultIDOrName, name string) {
	s.editVault(vaultIDOrName, func(v *vault, at time.Time) {
		v.name, v.updatedAt = name, at
		v.attributes++
	})
}

// DeleteVault deletes a vault with all that is in it.
func (s *Server) DeleteVault(vaultIDOrName string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.cloud.find(vaultIDOrName).id
	s.commit(func(w *world) {
		delete(w.byID, id)
		w.vaults = slices.DeleteFunc(w.vaults, func(v *vault) bool { return v.id == id })
	})
}

// AddItem adds an item. Id, category, and the ids and types of fields are made
// when they are empty.
func (s *Server) AddItem(vaultIDOrName string, item Item) Item {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.add(s.cloud.find(vaultIDOrName).id, item).clone()
}

func (s *Server) add(vaultID string, item Item) *Item {
	now := s.now()
	stored := item.clone()
	stored.complete()
	if stored.ID == "" {
		stored.ID = NewID()
	}
	stored.Vault = Ref{ID: vaultID}
	stored.Version = max(stored.Version, 1)
	stored.CreatedAt, stored.UpdatedAt, stored.LastEditedBy = now, now, editor
	s.put(vaultID, stored, now)
	return stored
}

// Item returns an item as it is at 1Password.com.
func (s *Server) Item(vaultIDOrName, itemIDOrTitle string) Item {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.cloud.find(vaultIDOrName).find(itemIDOrTitle).item.clone()
}

// Find returns an item as it is at 1Password.com, and whether there is one.
func (s *Server) Find(vaultIDOrName, itemIDOrTitle string) (Item, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.cloud.vaults {
		if v.id != vaultIDOrName && v.name != vaultIDOrName {
			continue
		}
		for _, id := range v.order {
			if item := v.items[id].item; item.ID == itemIDOrTitle || item.Title == itemIDOrTitle {
				return *item.clone(), true
			}
		}
	}
	return Item{}, false
}

// EditItem changes an item, named by id or title, and bumps its version, its
// time and the vault's contentVersion.
func (s *Server) EditItem(vaultIDOrName, itemIDOrTitle string, edit func(*Item)) Item {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.cloud.find(vaultIDOrName)
	return *s.edit(v.id, v.find(itemIDOrTitle).item, edit).clone()
}

func (s *Server) edit(vaultID string, item *Item, edit func(*Item)) *Item {
	now := s.now()
	edited := item.clone()
	edit(edited)
	edited.complete()
	edited.ID, edited.Vault = item.ID, item.Vault
	edited.Version = item.Version + 1
	edited.CreatedAt, edited.UpdatedAt, edited.LastEditedBy = item.CreatedAt, now, editor
	s.put(vaultID, edited, now)
	return edited
}

// SetField sets the value of the first field with a label, adding a concealed
// field when there is none.
func (s *Server) SetField(vaultIDOrName, itemIDOrTitle, label, value string) Item {
	return s.EditItem(vaultIDOrName, itemIDOrTitle, func(item *Item) {
		for n := range item.Fields {
			if item.Fields[n].Label == label {
				item.Fields[n].Value = value
				return
			}
		}
		item.Fields = append(item.Fields, Concealed(label, value))
	})
}

// RemoveField removes all fields with a label.
func (s *Server) RemoveField(vaultIDOrName, itemIDOrTitle, label string) Item {
	return s.EditItem(vaultIDOrName, itemIDOrTitle, func(item *Item) {
		item.Fields = slices.DeleteFunc(item.Fields, func(f Field) bool { return f.Label == label })
	})
}

// RenameItem gives an item another title; its id stays.
func (s *Server) RenameItem(vaultIDOrName, itemIDOrTitle, title string) Item {
	return s.EditItem(vaultIDOrName, itemIDOrTitle, func(item *Item) { item.Title = title })
}

// ArchiveItem archives an item; Behaviour says what is left of it.
func (s *Server) ArchiveItem(vaultIDOrName, itemIDOrTitle string) Item {
	return s.EditItem(vaultIDOrName, itemIDOrTitle, func(item *Item) { item.State = "ARCHIVED" })
}

// RestoreItem ends an item's archival.
func (s *Server) RestoreItem(vaultIDOrName, itemIDOrTitle string) Item {
	return s.EditItem(vaultIDOrName, itemIDOrTitle, func(item *Item) { item.State = "" })
}

// DeleteItem deletes an item.
func (s *Server) DeleteItem(vaultIDOrName, itemIDOrTitle string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.cloud.find(vaultIDOrName)
	s.remove(v.id, v.find(itemIDOrTitle).item.ID)
}

// MoveItem moves an item to another vault, where it gets a new id.
func (s *Server) MoveItem(fromVault, itemIDOrTitle, toVault string) Item {
	s.mu.Lock()
	defer s.mu.Unlock()
	from, to := s.cloud.find(fromVault), s.cloud.find(toVault)
	moved := *from.find(itemIDOrTitle).item.clone()
	s.remove(from.id, moved.ID)
	moved.ID, moved.Version = "", 0
	return *s.add(to.id, moved).clone()
}

// AddFile attaches a file to an item.
func (s *Server) AddFile(vaultIDOrName, itemIDOrTitle, name string, data []byte) File {
	file := File{ID: NewID(), Name: name, Data: slices.Clone(data)}
	s.EditItem(vaultIDOrName, itemIDOrTitle, func(item *Item) { item.Files = append(item.Files, file) })
	file.Size = int64(len(data))
	return file
}

// SetFile replaces the content of a file; its id stays.
func (s *Server) SetFile(vaultIDOrName, itemIDOrTitle, name string, data []byte) {
	s.EditItem(vaultIDOrName, itemIDOrTitle, func(item *Item) {
		n := slices.IndexFunc(item.Files, func(f File) bool { return f.Name == name })
		if n < 0 {
			panic(fmt.Sprintf("no simulated file %q in item %q", name, item.Title))
		}
		item.Files[n].Data = slices.Clone(data)
	})
}

func (s *Server) editVault(vaultIDOrName string, edit func(*vault, time.Time)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, now := s.cloud.find(vaultIDOrName).id, s.now()
	s.commit(func(w *world) { edit(w.byID[id], now) })
}

func (s *Server) put(vaultID string, item *Item, at time.Time) {
	s.commit(func(w *world) {
		v := w.byID[vaultID]
		if v == nil {
			return
		}
		v.touch(at)
		if old := v.items[item.ID]; old != nil {
			v.items[item.ID] = &record{item: item, before: old.item}
			return
		}
		v.order = append(v.order, item.ID)
		v.items[item.ID] = &record{item: item}
	})
}

func (s *Server) remove(vaultID, itemID string) {
	now := s.now()
	s.commit(func(w *world) {
		v := w.byID[vaultID]
		if v == nil {
			return
		}
		v.touch(now)
		delete(v.items, itemID)
		v.order = slices.DeleteFunc(v.order, func(id string) bool { return id == itemID })
	})
}

func (s *Server) now() time.Time { return s.clock().UTC() }
