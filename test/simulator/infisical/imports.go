package infisical

import "slices"

// maxImportDepth is how deep imports of imports are followed.
const maxImportDepth = 10

// importWire is a block of imported secrets, which lack their times.
type importWire struct {
	SecretPath  string       `json:"secretPath"`
	Environment string       `json:"environment"`
	FolderID    string       `json:"folderId"`
	Secrets     []secretWire `json:"secrets"`
}

// importBlocks returns one block for each import of the folders, in their
// order, each source once. A block holds the secrets of its source, and after
// them those that the source itself imports.
func (c *call) importBlocks(q *query, folders []*folder) []importWire {
	blocks := []importWire{}
	seen := map[source]bool{}
	for _, f := range folders {
		for _, from := range f.imports {
			found := q.project.folder(from.environment, from.path)
			if seen[from] || found == nil {
				continue
			}
			seen[from] = true
			block := importWire{SecretPath: from.path, Environment: from.environment, FolderID: found.id, Secrets: []secretWire{}}
			c.collect(q, from, &block, seen, 0)
			if q.expand {
				c.expandBlock(q, from, &block)
			}
			blocks = append(blocks, block)
		}
	}
	return blocks
}

// collect adds the secrets of a source and of what it imports to a block.
// Secrets that may not be read are left out.
func (c *call) collect(q *query, from source, block *importWire, seen map[source]bool, depth int) {
	f := q.project.folder(from.environment, from.path)
	if f == nil || depth > maxImportDepth {
		return
	}
	if c.identity.access(q.project, from.environment, from.path) == Full {
		for _, stored := range f.sorted() {
			row := stored.wire("", from.environment, from.path, q.view)
			row.CreatedAt, row.UpdatedAt = "", ""
			block.Secrets = append(block.Secrets, row)
		}
	}
	for _, deeper := range f.imports {
		if !seen[deeper] {
			seen[deeper] = true
			c.collect(q, deeper, block, seen, depth+1)
		}
	}
}

// expandBlock expands references in a block, which leaves one secret for each
// key. A reference that may not be read stays as it is written: only secrets
// of the folder itself make a list fail.
func (c *call) expandBlock(q *query, from source, block *importWire) {
	known := map[string]bool{}
	block.Secrets = slices.DeleteFunc(block.Secrets, func(row secretWire) bool {
		repeated := known[row.SecretKey]
		known[row.SecretKey] = true
		return repeated
	})
	for n := range block.Secrets {
		row := &block.Secrets[n]
		if row.SecretValueHidden {
			continue
		}
		expanded, err := c.expander().expand(row.SecretValue, row.SecretKey, row.SkipMultilineEncoding,
			place{q.project, from.environment, from.path})
		if err == nil {
			row.SecretValue = expanded
		}
	}
}

// imported finds a secret by name among a folder's imports, the last import
// first, as the server does for single secrets.
func (c *call) imported(q *query, f *folder, name string) *secretWire {
	for _, block := range slices.Backward(c.importBlocks(q, []*folder{f})) {
		for _, row := range block.Secrets {
			if row.SecretKey == name {
				return &row
			}
		}
	}
	return nil
}
