package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
)

// rowPage writes rows as they are: the generated responses would parse each again and escape <, > and &.
type rowPage struct {
	rows   []Row
	around any // what stands around the rows, with an empty list in their place
}

// VisitSearchResponse writes what Search200JSONResponse describes.
func (p rowPage) VisitSearchResponse(w http.ResponseWriter) error { return p.write(w) }

// VisitRowsSQLResponse writes what RowsSQL200JSONResponse describes.
func (p rowPage) VisitRowsSQLResponse(w http.ResponseWriter) error { return p.write(w) }

func (p rowPage) write(w http.ResponseWriter) error {
	around, err := json.Marshal(p.around)
	if err != nil {
		return err
	}
	const before = `"rows":[`
	head, tail, found := bytes.Cut(around, []byte(before))
	if !found {
		return errors.New("BUG: a page of rows has no rows")
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	body := append(append(make([]byte, 0, 2048*len(p.rows)+len(around)), head...), before...)
	for i, row := range p.rows {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, row...)
	}
	_, err = w.Write(append(body, tail...))
	return err
}
