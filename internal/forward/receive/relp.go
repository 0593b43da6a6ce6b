package receive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const relpOffer = "200 OK\nrelp_version=0\nrelp_software=kiroku\ncommands=syslog"

// relp reads a connection of RELP. Commands that came together are answered together, after their receipts are on disk.
func (s *stream) relp() error {
	var answers []byte
	var last error
	for {
		number, command, data, err := s.command()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return s.conn.Close()
			}
			return s.abort(err)
		}
		switch command {
		case "open":
			answers = appendAnswer(answers, number, relpOffer)
		case "close":
			if err := s.reply(append(appendAnswer(answers, number, ""), "0 serverclose 0\n"...)); err != nil {
				return s.abort(err)
			}
			return s.conn.Close()
		case "syslog":
			err := s.r.take(&Record{Transport: s.transport, Peer: s.peer, Framing: "relp", Line: bytes.TrimRight(data, "\r\n\x00")})
			if errors.Is(err, ErrClose) || errors.Is(err, ErrReset) {
				last = err
			}
			if err != nil && last == nil {
				answers = appendAnswer(answers, number, "500 the record was not stored")
			} else {
				answers = appendAnswer(answers, number, "200 OK")
			}
		default:
			answers = appendAnswer(answers, number, "500 the command is not known")
		}
		if errors.Is(last, ErrReset) {
			return s.abort(last)
		}
		if s.in.Buffered() > 0 && len(answers) < 8<<10 && last == nil {
			continue
		}
		if err := s.reply(answers); err != nil {
			return s.abort(err)
		}
		if last != nil {
			return s.conn.Close()
		}
		answers = answers[:0]
	}
}

func (s *stream) reply(answers []byte) error {
	if err := s.r.sync(); err != nil {
		return err
	}
	_, err := s.conn.Write(answers)
	return err
}

func appendAnswer(dst []byte, number int, data string) []byte {
	dst = strconv.AppendInt(dst, int64(number), 10)
	dst = append(dst, " rsp "...)
	dst = strconv.AppendInt(dst, int64(len(data)), 10)
	if data != "" {
		dst = append(append(dst, ' '), data...)
	}
	return append(dst, '\n')
}

// command reads NUMBER SP COMMAND SP LENGTH [SP DATA] LF.
func (s *stream) command() (number int, command string, data []byte, err error) {
	head, err := s.word(10)
	if err != nil {
		return 0, "", nil, err
	}
	if number, err = strconv.Atoi(head); err != nil {
		return 0, "", nil, fmt.Errorf("RELP: expected a number, got %.20q", head)
	}
	if command, err = s.word(33); err != nil {
		return 0, "", nil, ended(err)
	}
	size, end, err := s.size()
	if err != nil {
		return 0, "", nil, ended(err)
	}
	if size > 0 {
		if end != ' ' {
			return 0, "", nil, errors.New("RELP: the data of a command are missing")
		}
		if data, err = s.exactly(size); err != nil {
			return 0, "", nil, err
		}
	}
	if end != '\n' || size > 0 {
		if end, err = s.in.ReadByte(); err != nil {
			return 0, "", nil, ended(err)
		}
	}
	if end != '\n' {
		return 0, "", nil, fmt.Errorf("RELP: expected a line feed behind a command, got %q", end)
	}
	return number, command, data, nil
}

func ended(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (s *stream) word(limit int) (string, error) {
	var word strings.Builder
	for {
		c, err := s.in.ReadByte()
		if err != nil {
			if word.Len() > 0 {
				err = ended(err)
			}
			return "", err
		}
		if c == ' ' {
			return word.String(), nil
		}
		if word.WriteByte(c); word.Len() >= limit {
			return "", fmt.Errorf("RELP: expected a shorter word, got %q", word.String())
		}
	}
}

func (s *stream) size() (size int, end byte, err error) {
	for digits := 0; ; digits++ {
		c, err := s.in.ReadByte()
		if err != nil {
			return 0, 0, err
		}
		if (c == ' ' || c == '\n') && digits > 0 {
			return size, c, nil
		}
		if c < '0' || c > '9' {
			return 0, 0, fmt.Errorf("RELP: expected a length, got %q", c)
		}
		if size = size*10 + int(c-'0'); size > s.r.o.MaxBytes {
			return 0, 0, fmt.Errorf("RELP: a record is longer than %d bytes", s.r.o.MaxBytes)
		}
	}
}
