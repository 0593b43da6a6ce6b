package config

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// parseYAML makes a tree of a document.
//
// The scanner takes every colon between braces for the end of a key, also in a list that stands within them. In YAML 1.2
// (§7.3.3) a colon that a blank does not follow is a part of the text, so that {tags: [env:prod], allow: [2001:db8::/32]}
// holds three texts: they are put together again.
func parseYAML(text []byte) (*ast.File, error) {
	return parser.Parse(joinTexts(lexer.Tokenize(string(text))), 0)
}

// joinTexts makes one text of what stands around a colon in a flow list.
func joinTexts(scanned token.Tokens) token.Tokens {
	var tokens token.Tokens
	var open []token.Type // brackets and braces that are not closed, the innermost last
	for i := 0; i < len(scanned); i++ {
		tk := scanned[i]
		switch tk.Type {
		case token.SequenceStartType, token.MappingStartType:
			open = append(open, tk.Type)
		case token.SequenceEndType, token.MappingEndType:
			open = open[:max(len(open)-1, 0)]
		case token.MappingValueType:
			if len(open) == 0 || open[len(open)-1] != token.SequenceStartType || i+1 == len(scanned) || !followsAtOnce(scanned[i+1]) {
				break
			}
			head := tokens[len(tokens)-1] // the bracket, if nothing else
			switch {
			case isPlain(head):
				tokens = tokens[:len(tokens)-1]
				tk = token.String(head.Value+blanksBehind(head)+tk.Value+scanned[i+1].Value, head.Origin+tk.Origin+scanned[i+1].Origin, head.Position)
				i++
			case head.Type == token.SequenceStartType || head.Type == token.CollectEntryType:
				tk = token.String(tk.Value+scanned[i+1].Value, tk.Origin+scanned[i+1].Origin, tk.Position)
				i++
			}
		}
		tokens.Add(tk)
	}
	return tokens
}

// isPlain says whether tk is a text without quotes, or what YAML takes for a number and the like.
func isPlain(tk *token.Token) bool {
	return tk.CharacterType == token.CharacterTypeMiscellaneous && tk.Indicator == token.NotIndicator
}

// followsAtOnce says whether tk is the rest of a text whose last character was a colon.
func followsAtOnce(tk *token.Token) bool {
	return isPlain(tk) && tk.Origin != "" && !strings.ContainsAny(tk.Origin[:1], " \t\r\n")
}

// blanksBehind are the blanks between a text and what follows on its line.
func blanksBehind(tk *token.Token) string {
	return tk.Origin[len(strings.TrimRight(tk.Origin, " \t")):]
}
