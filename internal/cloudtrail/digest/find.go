package digest

import (
	"context"

	"kiroku/internal/cloudtrail/objectkey"
)

// Find lists the folders of digests at and below root: one for each account and region.
func Find(ctx context.Context, objects Objects, root string) ([]objectkey.Folder, error) {
	var found []objectkey.Folder
	v := &verifier{objects: objects, opt: Options{Root: root}}
	v.visit = func(_ context.Context, f objectkey.Folder) error {
		found = append(found, f)
		return nil
	}
	err := v.find(ctx, root, 0)
	return found, err
}
