package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"kiroku/internal/api/client"
	"kiroku/internal/cli"
)

func newKeys(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "keys",
		Short: "List, create and revoke access keys of the AWS endpoints",
		Long: `Programs that use AWS's CLI or SDKs sign their requests with an access key. It stands for a principal of an AWS account,
which need not exist: event data stores and channels belong to the account. Without sub-command the keys are listed.`,
		Example: `  kiroku keys create --account 111122223333 --principal okta-forwarder
  kiroku keys create --account 111122223333 --principal arn:aws:iam::111122223333:role/forwarder --json
  kiroku keys revoke AKIA…`,
		Args: unknownCommand,
		RunE: func(c *cobra.Command, _ []string) error { return a.listKeys(c, asJSON) },
	}
	a.clientFlags(c)
	c.PersistentFlags().BoolVar(&asJSON, "json", false, "print JSON")
	list := &cobra.Command{
		Use:   "list",
		Short: "List the access keys",
		Args:  args(cobra.NoArgs, "no argument"),
		RunE:  func(c *cobra.Command, _ []string) error { return a.listKeys(c, asJSON) },
	}
	revoke := &cobra.Command{
		Use:   "revoke ID",
		Short: "Make an access key void",
		Args:  args(cobra.ExactArgs(1), "the id of the access key"),
		RunE: func(c *cobra.Command, ids []string) error {
			s, err := a.dial()
			if err != nil {
				return err
			}
			if err := cli.Done(s.RevokeAccessKey(c.Context(), ids[0])); err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.out, "revoked access key %s\n", ids[0])
			return err
		},
	}
	c.AddCommand(list, newKeyCreate(a, &asJSON), revoke)
	return c
}

func (a *app) listKeys(c *cobra.Command, asJSON bool) error {
	s, err := a.dial()
	if err != nil {
		return err
	}
	list, err := cli.Answer[client.AccessKeyList](s.ListAccessKeys(c.Context()))
	if err != nil {
		return err
	}
	if asJSON {
		return writeJSON(a.out, list)
	}
	t := cli.Table{Columns: []cli.Column{{Name: "ACCESS KEY"}, {Name: "PRINCIPAL"}, {Name: "CREATED"}, {Name: "LAST USED"}, {Name: "REVOKED"}}}
	for _, k := range list.AccessKeys {
		t.Add(k.AccessKeyID, k.Principal, stamp(k.Created), stamp(k.LastUsed), stamp(k.Revoked))
	}
	return t.Print(a.out)
}

// accessKey is how AWS's own tools write a new key.
type accessKey struct {
	AccessKeyId     string
	SecretAccessKey string
	Account         string
	Principal       string
}

func newKeyCreate(a *app, asJSON *bool) *cobra.Command {
	var account, principal string
	c := &cobra.Command{
		Use:   "create",
		Short: "Create an access key and print it; the secret is shown only now",
		Args:  args(cobra.NoArgs, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := needFlags(c, "account", "principal"); err != nil {
				return err
			}
			s, err := a.dial()
			if err != nil {
				return err
			}
			k, err := cli.Answer[client.AccessKeyCreated](s.CreateAccessKey(c.Context(), client.AccessKeyCreate{Account: account, Principal: principal}))
			if err != nil {
				return err
			}
			if *asJSON {
				return writeJSON(a.out, accessKey{k.AccessKeyID, k.SecretAccessKey, k.Account, k.Principal})
			}
			_, err = fmt.Fprintf(a.out, "AWS_ACCESS_KEY_ID=%s\nAWS_SECRET_ACCESS_KEY=%s\n", k.AccessKeyID, k.SecretAccessKey)
			return err
		},
	}
	c.Flags().StringVar(&account, "account", "", "AWS account, 12 digits")
	c.Flags().StringVar(&principal, "principal", "", "name of a user of the account, or an ARN")
	return c
}
