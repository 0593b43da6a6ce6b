package serve

import (
	"context"
	"path/filepath"

	"kiroku/internal/aws"
	"kiroku/internal/awsapi"
	"kiroku/internal/config"
	"kiroku/internal/engine"
	"kiroku/internal/lake"
)

// SigningKeyFile in the data folder holds the key that signs results of queries that are delivered to buckets.
const SigningKeyFile = "aws-signing.pem"

// awsSQL runs the queries of the AWS endpoints over the lake.
func awsSQL(e engine.Engine, l *lake.Lake, dir string, c config.AWS) *awsapi.SQL {
	return &awsapi.SQL{Engine: e, Dir: filepath.Join(dir, "aws-queries"), Key: awsapi.NewSigningKey(filepath.Join(dir, SigningKeyFile)),
		Deliver: func(ctx context.Context, region string) (awsapi.Uploader, error) {
			o := awsOptions(&config.Input{AWS: c})
			if o.Region == "" {
				o.Region = region
			}
			return aws.Open(ctx, o)
		},
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
