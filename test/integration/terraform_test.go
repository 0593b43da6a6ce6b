//go:build integration

package integration

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// terraform runs Terraform in a folder of its own, with the AWS provider in TERRAFORM_AWS_PROVIDER (the folder of a built
// terraform-provider-aws, which is used instead of one from a registry).
type terraform struct {
	t   *testing.T
	dir string
	env []string
}

func newTerraform(t *testing.T, creds aws.Credentials) *terraform {
	t.Helper()
	provider := os.Getenv("TERRAFORM_AWS_PROVIDER")
	if provider == "" {
		t.Skip("SKIPPED, NOTHING WAS PROVED: TERRAFORM_AWS_PROVIDER does not name the folder of terraform-provider-aws")
	}
	if _, err := exec.LookPath("terraform"); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	f := &terraform{t: t, dir: dir, env: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE=" + filepath.Join(dir, "rc"),
		"AWS_ACCESS_KEY_ID=" + creds.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + creds.SecretAccessKey}}
	f.write("rc", fmt.Sprintf("provider_installation {\n  dev_overrides { \"hashicorp/aws\" = %q }\n  direct {}\n}\n", provider))
	return f
}

func (f *terraform) write(name, text string) {
	f.t.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// run runs a command that must end with the code.
func (f *terraform) run(code int, args ...string) string {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "terraform", append(args, "-no-color")...)
	cmd.Dir, cmd.Env = f.dir, f.env
	out, err := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != code {
		f.t.Fatalf("terraform %s: %v, want exit code %d\n%s", strings.Join(args, " "), err, code, out)
	}
	return string(out)
}

// apply applies a configuration, after which nothing is left to do.
func (f *terraform) apply(text string) {
	f.t.Helper()
	f.write("main.tf", text)
	f.run(0, "apply", "-auto-approve")
	f.run(0, "plan", "-detailed-exitcode")
}

const terraformStores = `
resource "aws_cloudtrail_event_data_store" "plain" {
  name = "plain"
  tags = { team = "security", "Cost Center" = "42", empty = "" }
}

resource "aws_cloudtrail_event_data_store" "objects" {
  name                           = "objects"
  retention_period               = 90
  suspend                        = true
  termination_protection_enabled = false
  advanced_event_selector {
    name = "writes"
    field_selector {
      field  = "eventCategory"
      equals = ["Data"]
    }
    field_selector {
      field  = "resources.type"
      equals = ["AWS::S3::Object"]
    }
    field_selector {
      field         = "resources.ARN"
      starts_with   = ["arn:aws:s3:::example-a/", "arn:aws:s3:::example-b/"]
      not_ends_with = [".tmp"]
    }
  }
  advanced_event_selector {
    field_selector {
      field  = "eventCategory"
      equals = ["Management"]
    }
    field_selector {
      field      = "eventSource"
      not_equals = ["kms.amazonaws.com", "rds-data.amazonaws.com"]
    }
  }
}
`

// TestTerraform applies, changes, imports and destroys event data stores, beginning with the configuration in the guide.
func TestTerraform(t *testing.T) {
	s := start(t, t.TempDir())
	f := newTerraform(t, newKey(s, owner, "terraform"))
	guide, err := os.ReadFile("../../docs/guide/coming-from-cloudtrail-lake.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```hcl\n(.*?)```").FindSubmatch(guide)
	if block == nil {
		t.Fatal("the guide has no configuration for Terraform")
	}
	conf := strings.Replace(string(block[1]), "127.0.0.1:8480", s.http, 1)
	f.apply(conf)
	all := conf + terraformStores
	f.apply(all)
	all = strings.Replace(all, "suspend                        = true", "suspend                        = false", 1)
	f.apply(all)
	all = strings.NewReplacer("= 90", "= 365", `"42"`, `"43"`, `, empty = ""`, "", `, "rds-data.amazonaws.com"`, "").Replace(all)
	f.apply(all)
	all = strings.Replace(all, "  suspend                        = false\n", "", 1) // the provider does not read it, so an import never has it
	s.kiroku("eds", "update", "objects", "--retention", "100d")                     // somebody else changes it
	f.run(2, "plan", "-detailed-exitcode")
	f.apply(all)

	const objects = "aws_cloudtrail_event_data_store.objects"
	arn := regexp.MustCompile(`arn:aws:cloudtrail:\S+:eventdatastore/[0-9a-f-]+`).FindString(f.run(0, "state", "show", objects))
	f.run(0, "state", "rm", objects)
	f.run(0, "import", objects, arn)
	f.run(0, "plan", "-detailed-exitcode")

	if out := f.run(1, "destroy", "-auto-approve"); !strings.Contains(out, "EventDataStoreTerminationProtectedException") {
		t.Errorf("a protected store: %s", out)
	}
	all = strings.Replace(all, `"plain"
  tags `, `"plain"
  termination_protection_enabled = false
  tags `, 1)
	f.write("main.tf", all)
	f.run(0, "apply", "-auto-approve", "-target", "aws_cloudtrail_event_data_store.plain")
	f.run(0, "destroy", "-auto-approve")

	if out := f.run(1, "apply", "-auto-approve"); !strings.Contains(out, "EventDataStoreAlreadyExistsException") || !strings.Contains(out, "RestoreEventDataStore") {
		t.Errorf("the name of a deleted store: %s", out)
	}
	for _, name := range []string{"audit", "plain", "objects"} {
		s.kiroku("eds", "restore", name)
		arn := regexp.MustCompile(`arn:aws:cloudtrail:\S+:eventdatastore/[0-9a-f-]+`).FindString(s.kiroku("eds", "show", name))
		f.run(0, "import", "aws_cloudtrail_event_data_store."+name, arn)
	}
	f.run(0, "plan", "-detailed-exitcode")
}
