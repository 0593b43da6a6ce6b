package config

import (
	"fmt"

	"github.com/goccy/go-yaml"
)

// YAMLToJSON makes JSON of a YAML document, which JSON is, too.
func YAMLToJSON(text []byte) ([]byte, error) {
	tree, err := parseYAML(text)
	if err != nil {
		return nil, fmt.Errorf("read YAML: %w", err)
	}
	var value any
	if len(tree.Docs) > 0 && tree.Docs[0].Body != nil {
		if err := yaml.NodeToValue(tree.Docs[0].Body, &value, yaml.UseOrderedMap()); err != nil {
			return nil, fmt.Errorf("read YAML: %w", err)
		}
	}
	out, err := yaml.MarshalWithOptions(value, yaml.JSON())
	if err != nil {
		return nil, fmt.Errorf("write JSON: %w", err)
	}
	return out, nil
}
