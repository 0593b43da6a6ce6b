package serve

import (
	"context"
	"path/filepath"

	"kiroku/internal/awsapi"
	"kiroku/internal/engine"
	"kiroku/internal/lake"
)

// awsSQL runs the queries of the AWS endpoints over the lake.
func awsSQL(e engine.Engine, l *lake.Lake, dir string) *awsapi.SQL {
	return &awsapi.SQL{Engine: e, Dir: filepath.Join(dir, "aws-queries"),
		Tables: func(_ context.Context, stores []string) ([]engine.Table, awsapi.TablesSize, func(), error) {
			var size awsapi.TablesSize
			if len(stores) == 0 { // to the lake that means all
				return nil, size, func() {}, nil
			}
			v, err := l.View(stores)
			if err != nil {
				return nil, size, nil, err
			}
			tables := make([]engine.Table, len(stores))
			at := map[string]int{}
			for i, name := range stores {
				tables[i].Name, at[name] = name, i
			}
			for _, s := range v.Segments {
				t := &tables[at[s.Store]]
				t.Files = append(t.Files, s.Path())
				size.Events += s.Rows
				size.Bytes += s.Bytes
			}
			return tables, size, v.Close, nil
		}}
}
