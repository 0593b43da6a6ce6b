package trino

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of a statement.
const (
	MaxStatement = 10_000 // characters, as StartQuery's QueryStatement
	maxNesting   = 100    // of parentheses, queries and operators within each other
	maxChain     = 150    // operators of one kind in a row, which nest in each other
)

// Parse reads one SELECT statement, with or without a semicolon at its end. Errors are fault.Invalid with an *Error
// inside.
func Parse(text string) (q *QueryExpr, err error) {
	defer catch(text, &err)
	if n := len([]rune(text)); n > MaxStatement {
		fail(0, fmt.Sprintf("Shorten it to %d characters.", MaxStatement), "statement has %d characters", n)
	}
	if i := strings.IndexByte(text, 0); i >= 0 || !utf8.ValidString(text) {
		fail(Pos(max(i, 0)), "Send the statement as UTF-8 without NUL characters.", "statement is not text")
	}
	p := newParser(text)
	p.start()
	q = p.query()
	ended := p.accept(";")
	for p.accept(";") { // empty statements
	}
	if ended && p.tok().kind != tokEnd {
		fail(p.tok().pos, "Start each statement with a StartQuery of its own.", "there is a second statement")
	}
	if p.tok().kind != tokEnd {
		p.expected("the end of the statement")
	}
	return q, nil
}

// parser reads tokens by recursive descent.
type parser struct {
	text    string
	tokens  []token
	closing []int // of each opening parenthesis the token that closes it, or the last token
	at      int
	depth   int
}

func newParser(text string) *parser {
	p := &parser{text: text, tokens: tokens(text)}
	p.closing = make([]int, len(p.tokens))
	var open []int
	for i, t := range p.tokens {
		p.closing[i] = len(p.tokens) - 1
		switch {
		case t.isSymbol("("):
			open = append(open, i)
		case t.isSymbol(")") && len(open) > 0:
			p.closing[open[len(open)-1]] = i
			open = open[:len(open)-1]
		}
	}
	return p
}

// start refuses what is no SELECT before anything else is said about it.
func (p *parser) start() {
	t := p.tok()
	switch {
	case t.kind == tokEnd:
		fail(t.pos, "Write a SELECT statement.", "statement is empty")
	case t.kind == tokWord && !t.is("SELECT") && !t.is("WITH") && !t.is("VALUES") && !t.is("TABLE"):
		fail(t.pos, "CloudTrail Lake runs SELECT statements: begin with SELECT or WITH.", "%s statements are not supported", strings.ToUpper(t.text))
	}
}

func (p *parser) tok() token { return p.tokens[p.at] }

// peek is the n-th token after the current one.
func (p *parser) peek(n int) token { return p.tokens[min(p.at+n, len(p.tokens)-1)] }

func (p *parser) advance() token {
	t := p.tok()
	if t.kind != tokEnd {
		p.at++
	}
	return t
}

// accept takes a symbol, or a keyword in upper case, if it is the next token.
func (p *parser) accept(what string) bool {
	if t := p.tok(); t.isSymbol(what) || t.is(what) {
		p.at++
		return true
	}
	return false
}

// acceptWords takes several keywords if they come next in this order.
func (p *parser) acceptWords(words ...string) bool {
	for i, w := range words {
		if !p.peek(i).is(w) {
			return false
		}
	}
	p.at += len(words)
	return true
}

func (p *parser) expect(what string) token {
	t := p.tok()
	if !p.accept(what) {
		p.expected(what)
	}
	return t
}

// expected fails at the current token.
func (p *parser) expected(what string) {
	t := p.tok()
	found := "the end of the statement"
	switch t.kind {
	case tokEnd:
	case tokDigitWord:
		fail(t.pos, "Put a name that starts with a digit into double quotes.", "%q is neither a number nor a name", t.text)
	default:
		found = fmt.Sprintf("%q", p.text[t.pos:t.end])
	}
	fail(t.pos, "Correct the statement at that place.", "expected %s, found %s", what, found)
}

// enter counts a level of nesting; the caller must leave.
func (p *parser) enter() {
	if p.depth++; p.depth > maxNesting {
		fail(p.tok().pos, "Make it simpler: nest fewer parentheses and queries.", "statement is nested more than %d levels deep", maxNesting)
	}
}

func (p *parser) leave() { p.depth-- }

// chain counts operators in a row.
func (p *parser) chain(n *int) {
	if *n++; *n > maxChain {
		fail(p.tok().pos, "Make it simpler.", "more than %d operators in a row", maxChain)
	}
}

// reserved are the words that are no names without double quotes.
var reserved = strings.Fields(`ALTER AND AS BETWEEN BY CASE CAST CONSTRAINT CREATE CROSS CUBE CURRENT_CATALOG CURRENT_DATE
	CURRENT_PATH CURRENT_ROLE CURRENT_SCHEMA CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DEALLOCATE DELETE DESCRIBE DISTINCT
	DROP ELSE END ESCAPE EXCEPT EXECUTE EXISTS EXTRACT FALSE FOR FROM FULL GROUP GROUPING HAVING IN INNER INSERT INTERSECT
	INTO IS JOIN LEFT LIKE LISTAGG LOCALTIME LOCALTIMESTAMP NATURAL NORMALIZE NOT NULL ON OR ORDER OUTER PREPARE RECURSIVE
	RIGHT ROLLUP SELECT SKIP TABLE THEN TRIM TRUE UESCAPE UNION UNNEST USING VALUES WHEN WHERE WITH`)

func isReserved(word string) bool {
	_, found := slices.BinarySearch(reserved, strings.ToUpper(word))
	return found
}

// isName says whether a token can be a name.
func isName(t token) bool { return t.kind == tokQuoted || t.kind == tokWord && !isReserved(t.text) }

func (p *parser) ident(what string) Ident {
	t := p.tok()
	if t.kind == tokWord && isReserved(t.text) {
		fail(t.pos, "Put it into double quotes to use it as a name.", "expected %s, found the keyword %s", what, strings.ToUpper(t.text))
	}
	if !isName(t) {
		p.expected(what)
	}
	p.at++
	return Ident{t.pos, t.text}
}

// idents reads (a, b, …).
func (p *parser) idents(what string) []Ident {
	p.expect("(")
	list := []Ident{p.ident(what)}
	for p.accept(",") {
		list = append(list, p.ident(what))
	}
	p.expect(")")
	return list
}
