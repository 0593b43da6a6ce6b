package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"kiroku/internal/fault"
)

// FileName is the configuration file that is read when none is named.
const FileName = "kiroku.yaml"

// Load reads the configuration file at path and the conf.d folder that belongs to it. An empty path means kiroku.yaml
// in the working directory if there is one, else the defaults; conf.d is then looked for in the working directory.
// The error is a fault that wraps Problems: everything that is wrong, at once.
func Load(path string) (*Config, error) {
	c := Default()
	file := path
	if file == "" {
		file = FileName
	}
	text, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist) && path == "":
		file, text = "", nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.New(fault.Invalid, fmt.Errorf("read configuration: %w", err),
			fmt.Sprintf(`Check the path, or write a first configuration with "kiroku config example > %s".`, path))
	case errors.Is(err, syscall.EISDIR):
		return nil, fault.New(fault.Invalid, fmt.Errorf("read configuration: %s is a folder", file),
			fmt.Sprintf("Name the file in it, for example %s.", filepath.Join(file, FileName)))
	case err != nil:
		return nil, fault.New(fault.Invalid, fmt.Errorf("read configuration: %w", err), "Make the file readable for this user.")
	}
	if problems := c.load(file, text); len(problems) > 0 {
		return nil, fault.New(fault.Invalid, problems.sorted(), `Correct these places; "kiroku config check" tests the file without starting.`)
	}
	return c, nil
}

// load fills c from the text of file and from conf.d, and returns all problems.
func (c *Config) load(file string, text []byte) Problems {
	d := &decoder{file: file, dir: filepath.Dir(file), where: c.where}
	if !d.decodeYAML(text, c) {
		return d.problems // nothing else can be said about a file that is not YAML
	}
	for i := range c.Inputs {
		c.Inputs[i].path = fmt.Sprintf("inputs[%d]", i)
	}
	c.completeStores()
	if _, set := c.where["logs"]; set {
		d.problems = append(d.problems, c.problem("", "logs", "belongs in a file of conf.d, for example %s; or write inputs here", filepath.Join("conf.d", "NAME.d", "conf.yaml")))
	}
	problems := append(d.problems, c.loadFolder(filepath.Dir(file))...)
	for i := range c.Inputs {
		c.Inputs[i].complete()
		if _, set := c.where[c.Inputs[i].path+".queue"]; !set && c.Inputs[i].Type == CloudTrail {
			c.Inputs[i].Queue = trailQueue
		}
		c.warnOfRules(&c.Inputs[i])
	}
	c.Warnings = c.Warnings.sorted()
	return append(problems, c.problems()...)
}

func (c *Config) completeStores() {
	for _, s := range c.Stores {
		if s.Name == DefaultStore {
			return
		}
	}
	s := Store{Name: DefaultStore, implied: true}
	s.setDefaults()
	c.Stores = append(c.Stores, s)
}
