// Package changes holds one YAML file for each change that a user notices; CHANGELOG.md is made from them.
//
//	changes/<slug>.yaml ──make gen──▶ CHANGELOG.md
//
// A file has three keys: kind (added, changed, fixed, removed, security), note (one or two sentences for a user, Markdown)
// and issue (number). At a release the files move to a folder named after the version, changes/v1.2.0/. One file a change
// means that two changes never meet in the same line.
package changes
