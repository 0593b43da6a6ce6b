package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
)

// agentFile is a file of conf.d, as the Datadog Agent reads it.
type agentFile struct {
	Logs        []agentLog `yaml:"logs"`
	LogsEnabled ignored    `yaml:"logs_enabled"`
	InitConfig  ignored    `yaml:"init_config"`
	Instances   ignored    `yaml:"instances"`
}

// agentLog is an entry of logs. The keys of types that we do not take are known, so that their type is the only
// problem that is reported.
type agentLog struct {
	Type           string   `yaml:"type"`
	Port           int      `yaml:"port"`
	BindHost       string   `yaml:"bind_host"`
	Source         string   `yaml:"source"`
	Service        string   `yaml:"service"`
	SourceCategory string   `yaml:"sourcecategory"`
	Tags           Tags     `yaml:"tags"`
	Rules          []Rule   `yaml:"log_processing_rules"`
	AllowedIPs     []string `yaml:"allowed_ips"`
	DeniedIPs      []string `yaml:"denied_ips"`
	Format         string   `yaml:"format"`
	SIEMParsing    ignored  `yaml:"siem_parsing"`
	MaxMessage     Size     `yaml:"max_message_size_bytes"`
	IdleTimeout    Duration `yaml:"idle_timeout"`
	MaxConnections int      `yaml:"max_connections"`
	TLS            TLS      `yaml:"tls"`

	// Keys of our own.
	Name  string `yaml:"name"`
	Store string `yaml:"store"`
	Zone  string `yaml:"zone"`
	Queue Size   `yaml:"queue"`

	// Keys without effect on records that arrive whole.
	ProcessRaw       ignored `yaml:"process_raw_message" effect:"none"`
	AutoMultiLine    ignored `yaml:"auto_multi_line_detection" effect:"none"`
	AutoMultiLineSub ignored `yaml:"auto_multi_line" effect:"none"`
	AutoSampleSize   ignored `yaml:"auto_multi_line_sample_size" effect:"none"`
	AutoThreshold    ignored `yaml:"auto_multi_line_match_threshold" effect:"none"`

	// Keys of other types.
	Path          ignored `yaml:"path"`
	ExcludePaths  ignored `yaml:"exclude_paths"`
	Encoding      ignored `yaml:"encoding"`
	StartPosition ignored `yaml:"start_position"`
	Fingerprint   ignored `yaml:"fingerprint_config"`
	ChannelPath   ignored `yaml:"channel_path"`
	Query         ignored `yaml:"query"`
	IncludeUnits  ignored `yaml:"include_units"`
	ExcludeUnits  ignored `yaml:"exclude_units"`
	Image         ignored `yaml:"image"`
	Label         ignored `yaml:"label"`
}

// loadFolder adds the inputs of conf.d. beside is the folder of the configuration file.
func (c *Config) loadFolder(beside string) Problems {
	named := c.ConfD != ""
	if !named {
		c.ConfD = filepath.Join(beside, "conf.d")
	}
	files, err := agentFiles(c.ConfD)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return nil
	}
	if err != nil {
		return Problems{problemAt(c.where["conf_d"], "conf_d", "%v", err)}
	}
	var problems Problems
	for _, file := range files {
		problems = append(problems, c.loadAgentFile(file)...)
	}
	c.yieldDefaults()
	return problems
}

// agentFiles lists <name>.yaml and <name>.d/*.yaml, sorted.
func agentFiles(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		switch {
		case strings.HasSuffix(e.Name(), ".d") && isFolder(path):
			inner, err := os.ReadDir(path)
			if err != nil {
				return nil, err
			}
			for _, f := range inner {
				if isYAML(f.Name()) {
					files = append(files, filepath.Join(path, f.Name()))
				}
			}
		case isYAML(e.Name()):
			files = append(files, path)
		}
	}
	return files, nil
}

func isYAML(name string) bool {
	ext := filepath.Ext(name)
	return (ext == ".yaml" || ext == ".yml") && !strings.HasPrefix(name, ".")
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// integrationOf is the name that the Agent shows: the folder without .d, or the file without its extension.
func integrationOf(file string) string {
	if folder := filepath.Base(filepath.Dir(file)); strings.HasSuffix(folder, ".d") && folder != "conf.d" {
		return strings.TrimSuffix(folder, ".d")
	}
	return strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
}

func (c *Config) loadAgentFile(file string) Problems {
	text, err := os.ReadFile(file)
	if err != nil {
		return Problems{problemAt(position{file: file}, "", "%v", err)}
	}
	var content agentFile
	d := &decoder{file: file, dir: filepath.Dir(file), where: c.where, prefix: file + "#"}
	if !d.decodeYAML(text, &content) {
		return d.problems
	}
	for i := range content.Logs {
		log := &content.Logs[i]
		path := d.prefix + "logs[" + itoa(i) + "]"
		if p, ok := c.unsupported(log, path); !ok {
			d.problems = append(d.problems, p)
			continue
		}
		c.warnOfKeys(log, path)
		in := log.input()
		in.path, in.Integration = path, integrationOf(file)
		c.Inputs = append(c.Inputs, in)
	}
	return d.problems
}

// unsupported returns the problem of an entry whose type we do not take.
func (c *Config) unsupported(log *agentLog, path string) (Problem, bool) {
	switch log.Type {
	case "tcp", "udp":
		return Problem{}, true
	case "":
		return c.problem(path, "type", "a config must have a type: tcp or udp"), false
	case "file":
		return c.problem(path, "type", `type "file" is not supported: supported types are tcp and udp; read files with "kiroku import PATH"`), false
	}
	return c.problem(path, "type", "type %q is not supported: supported types are tcp and udp", log.Type), false
}

// warnOfKeys notes the keys of an entry that are set and have no effect.
func (c *Config) warnOfKeys(log *agentLog, path string) {
	v := reflect.ValueOf(log).Elem()
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Tag.Get("effect") != "none" {
			continue
		}
		key := f.Tag.Get("yaml")
		if _, set := c.where[path+"."+key]; set {
			c.Warnings = append(c.Warnings, c.problem(path, key, "is accepted but not applied: each syslog frame is one record"))
		}
	}
	if log.Format != "" && log.Format != "syslog" {
		c.Warnings = append(c.Warnings, c.problem(path, "format", "%q is accepted but not applied: the format is recognised by content", log.Format))
	}
	if log.Source != "" && !isSource(log.Source) {
		c.Warnings = append(c.Warnings, c.problem(path, "source", "%q is not a source with rules of its own: records are recognised by content; %s", log.Source, didYouMean(log.Source, sources())))
		log.Tags = append(log.Tags, "source:"+log.Source)
		log.Source = ""
	}
}

// input is the entry in our own words.
func (l *agentLog) input() Input {
	var in Input
	in.setDefaults()
	in.agent = true
	in.Name, in.Type, in.Port, in.BindHost = l.Name, l.Type, l.Port, l.BindHost
	in.Source, in.Service, in.Tags, in.Rules = l.Source, l.Service, l.Tags, l.Rules
	in.Allow, in.Deny, in.IdleTimeout, in.TLS = l.AllowedIPs, l.DeniedIPs, l.IdleTimeout, l.TLS
	in.Store, in.Zone = l.Store, l.Zone
	if l.SourceCategory != "" {
		in.Tags = append(in.Tags, "sourcecategory:"+l.SourceCategory)
	}
	if l.MaxMessage != 0 {
		in.FrameSize = l.MaxMessage
	}
	if l.MaxConnections != 0 {
		in.MaxConnections = l.MaxConnections
	}
	if l.Queue != 0 {
		in.Queue = l.Queue
	}
	return in
}

// yieldDefaults removes the default inputs whose port an input of conf.d takes.
func (c *Config) yieldDefaults() {
	taken := map[string]bool{}
	for _, in := range c.Inputs {
		if !in.implied {
			taken[in.transport()+in.portText()] = true
		}
	}
	kept := c.Inputs[:0:0]
	for _, in := range c.Inputs {
		if !in.implied || !taken[in.transport()+in.portText()] {
			kept = append(kept, in)
		}
	}
	c.Inputs = kept
}
