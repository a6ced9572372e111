package connect

import (
	"fmt"
	"net/http"
)

const defaultMaxInlineFile = 100 << 10

func (s *Server) listFiles(c *call) (any, error) {
	item := c.item.item
	rows := []File{}
	for _, file := range item.Files {
		row, err := s.inline(c, s.fileWire(item, file))
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (s *Server) getFile(c *call) (any, error) {
	file, err := c.file()
	if err != nil {
		return nil, err
	}
	return s.inline(c, s.fileWire(c.item.item, file))
}

func (s *Server) getFileContent(c *call) (any, error) {
	file, err := c.file()
	if err != nil {
		return nil, err
	}
	if s.behaviour.FilesNotSynced {
		return nil, failf(http.StatusInternalServerError, "Internal Server Error")
	}
	return &raw{
		header: map[string]string{
			"Content-Type":        "application/octet-stream",
			"Content-Disposition": fmt.Sprintf("attachment; filename=%q", file.Name),
		},
		body: append([]byte{}, file.Data...),
	}, nil
}

func (c *call) file() (File, error) {
	id := c.PathValue("file")
	for _, file := range c.item.item.Files {
		if file.ID == id {
			return file, nil
		}
	}
	return File{}, failf(http.StatusNotFound, "file %s not found", id)
}

// inline adds the content when the request asks for it.
func (s *Server) inline(c *call, file File) (File, error) {
	if c.URL.Query().Get("inline_files") != "true" {
		return file, nil
	}
	limit := s.behaviour.MaxInlineFile
	if limit == 0 {
		limit = defaultMaxInlineFile
	}
	if file.Size > limit {
		return file, failf(http.StatusRequestEntityTooLarge, "File is too large to inline in request. Use %s instead.", file.ContentPath)
	}
	file.Content = file.Data
	return file, nil
}

func (s *Server) fileWire(item *Item, file File) File {
	file.ContentPath = fmt.Sprintf("v1/vaults/%s/items/%s/files/%s/content", item.Vault.ID, item.ID, file.ID)
	if s.behaviour.LeadingSlash {
		file.ContentPath = "/" + file.ContentPath
	}
	return file
}
