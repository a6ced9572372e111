package connect

import "strings"

// listVaults answers with the vaults that the token reaches. The filter knows
// names without regard to case, as name or as title.
func (s *Server) listVaults(c *call) (any, error) {
	attribute, value, err := parseFilter(c.Request, "name", "title")
	if err != nil {
		return nil, err
	}
	rows := []Vault{}
	for _, v := range s.synced.vaults {
		if !c.token.reaches(s.synced, v.id) || attribute != "" && !strings.EqualFold(v.name, value) {
			continue
		}
		rows = append(rows, s.vaultRow(v))
	}
	return rows, nil
}

func (s *Server) getVault(c *call) (any, error) {
	out := c.vault.wire()
	if s.behaviour.OmitContentVersion {
		out.ContentVersion = nil
	}
	return out, nil
}

func (s *Server) vaultRow(v *vault) Vault {
	out := v.wire()
	switch s.behaviour.VaultRows {
	case RowsBrief:
		return Vault{ID: out.ID, Name: out.Name, Type: out.Type, CreatedAt: out.CreatedAt}
	case RowsZero:
		*out.ContentVersion = 0
	}
	return out
}

func (v *vault) wire() Vault {
	content, items := v.content, v.active()
	return Vault{
		ID: v.id, Name: v.name, Description: v.description, Type: v.kind,
		AttributeVersion: v.attributes, ContentVersion: &content, Items: &items,
		CreatedAt: v.createdAt, UpdatedAt: v.updatedAt,
	}
}
