package config

import (
	"fmt"

	"github.com/goccy/go-yaml"
)

// YAMLToJSON makes JSON of a YAML document, which JSON is, too.
func YAMLToJSON(text []byte) ([]byte, error) {
	out, err := yaml.YAMLToJSON(text)
	if err != nil {
		return nil, fmt.Errorf("read YAML: %w", err)
	}
	return out, nil
}
