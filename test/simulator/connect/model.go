package connect

import (
	"slices"
	"time"
)

// Vault is a vault as the API sends it.
type Vault struct {
	ID               string    `json:"id"`
	Name             string    `json:"name"`
	Description      string    `json:"description,omitempty"`
	AttributeVersion int       `json:"attributeVersion,omitempty"`
	ContentVersion   *int      `json:"contentVersion,omitempty"`
	Items            *int      `json:"items,omitempty"`
	Type             string    `json:"type"`
	CreatedAt        time.Time `json:"createdAt"`
	UpdatedAt        time.Time `json:"updatedAt,omitzero"`
}

// Item is an item as the API sends it. Lists leave out Sections, Fields and Files.
type Item struct {
	ID           string    `json:"id"`
	Title        string    `json:"title"`
	Vault        Ref       `json:"vault"`
	Category     string    `json:"category"`
	URLs         []URL     `json:"urls,omitempty"`
	Favorite     bool      `json:"favorite,omitempty"`
	Tags         []string  `json:"tags,omitempty"`
	Version      int       `json:"version"`
	State        string    `json:"state,omitempty"`
	CreatedAt    time.Time `json:"createdAt"`
	UpdatedAt    time.Time `json:"updatedAt"`
	LastEditedBy string    `json:"lastEditedBy,omitempty"`
	Sections     []Section `json:"sections,omitempty"`
	Fields       []Field   `json:"fields,omitempty"`
	Files        []File    `json:"files,omitempty"`
}

// Ref names another object by its id.
type Ref struct {
	ID string `json:"id"`
}

// URL is an address of an item.
type URL struct {
	Label   string `json:"label,omitempty"`
	Primary bool   `json:"primary,omitempty"`
	Href    string `json:"href"`
}

// Section is a group of fields.
type Section struct {
	ID    string `json:"id"`
	Label string `json:"label,omitempty"`
}

// Field is a field of an item. An empty Value is left out, as the API does.
// TOTP is computed for fields of type OTP when they are sent.
type Field struct {
	ID              string           `json:"id"`
	Section         *Ref             `json:"section,omitempty"`
	Type            string           `json:"type"`
	Purpose         string           `json:"purpose,omitempty"`
	Label           string           `json:"label,omitempty"`
	Value           string           `json:"value,omitempty"`
	Entropy         float64          `json:"entropy,omitempty"`
	TOTP            string           `json:"totp,omitempty"`
	PasswordDetails *PasswordDetails `json:"passwordDetails,omitempty"`
}

// PasswordDetails tell about a password; History holds earlier ones in clear.
type PasswordDetails struct {
	Entropy   int      `json:"entropy,omitempty"`
	Generated bool     `json:"generated,omitempty"`
	Strength  string   `json:"strength,omitempty"`
	History   []string `json:"history,omitempty"`
}

// File is a file of an item. Data is what it holds; Content is set in answers only.
type File struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Size        int64  `json:"size"`
	ContentPath string `json:"content_path"`
	Section     *Ref   `json:"section,omitempty"`
	Content     []byte `json:"content,omitempty"`
	Data        []byte `json:"-"`
}

// Text returns a field of type STRING.
func Text(label, value string) Field { return Field{Type: "STRING", Label: label, Value: value} }

// Concealed returns a field of type CONCEALED.
func Concealed(label, value string) Field {
	return Field{Type: "CONCEALED", Label: label, Value: value}
}

// In returns the field placed in the section with the given id.
func (f Field) In(section string) Field {
	f.Section = &Ref{ID: section}
	return f
}

// clone copies everything that an edit may change.
func (i *Item) clone() *Item {
	out := *i
	out.URLs = slices.Clone(i.URLs)
	out.Tags = slices.Clone(i.Tags)
	out.Sections = slices.Clone(i.Sections)
	out.Fields = slices.Clone(i.Fields)
	out.Files = slices.Clone(i.Files)
	for n := range out.Fields {
		field := &out.Fields[n]
		field.Section = copyOf(field.Section)
		if field.PasswordDetails = copyOf(field.PasswordDetails); field.PasswordDetails != nil {
			field.PasswordDetails.History = slices.Clone(field.PasswordDetails.History)
		}
	}
	return &out
}

func copyOf[T any](from *T) *T {
	if from == nil {
		return nil
	}
	out := *from
	return &out
}

// complete fills in what the caller may leave out.
func (i *Item) complete() {
	if i.Category == "" {
		i.Category = "LOGIN"
	}
	for n := range i.Fields {
		field := &i.Fields[n]
		if field.Type == "" {
			field.Type = "STRING"
		}
		if field.ID == "" {
			field.ID = NewID()
		}
	}
	for n := range i.Files {
		file := &i.Files[n]
		if file.ID == "" {
			file.ID = NewID()
		}
		file.Size = int64(len(file.Data))
	}
}
