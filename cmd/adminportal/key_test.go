package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// Windows shells write byte order marks, UTF-16 and carriage returns.
func TestReadKey(t *testing.T) {
	const key = "sk_test_0123456789"
	utf16 := func(first, second string) string {
		var b strings.Builder
		for _, c := range key + "\r\nnext" {
			b.WriteString(first + string(c) + second)
		}
		return b.String()
	}
	for name, input := range map[string]string{
		"a line":                 key + "\nnext\n",
		"no end of line":         key,
		"cmd.exe's echo":         key + " \r\n",
		"UTF-8 with a mark":      "\xEF\xBB\xBF" + key + "\r\n",
		"UTF-16LE with a mark":   "\xFF\xFE" + utf16("", "\x00"),
		"UTF-16BE with a mark":   "\xFE\xFF" + utf16("\x00", ""),
		"UTF-16LE without one":   utf16("", "\x00"),
		"UTF-16BE, cut at a key": "\xFE\xFF\x00" + strings.Join(strings.Split(key, ""), "\x00"),
	} {
		if got, err := (env{stdin: iotest.OneByteReader(strings.NewReader(input))}).readKey(t.Context()); got != key || err != nil {
			t.Errorf("%s: readKey() = %q, %v, want %q", name, got, err, key)
		}
	}
	for _, input := range []string{"", "\n" + key, "\xFF\xFE\r\x00\n\x00", strings.Repeat("k", maxKeyLine)} {
		got, err := (env{stdin: strings.NewReader(input)}).readKey(t.Context())
		if err == nil || diagnose(t.Context(), err, "").exit != exitUsage {
			t.Errorf("readKey() of %.20q = %q, %v, want a usage error", input, got, err)
		}
	}
	if _, err := (env{stdin: iotest.ErrReader(io.ErrClosedPipe)}).readKey(t.Context()); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("readKey() = %v, want the error of the read", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, w := io.Pipe()
	defer w.Close()
	if _, err := (env{stdin: r}).readKey(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("readKey() = %v, want it to end with its context", err)
	}
}

func TestMaskedKey(t *testing.T) {
	for key, want := range map[string]string{
		"sk_test_0123456789abcdefghij": "sk_test_…ghij (28 characters)",
		"sk_test_short":                "sk_test_… (13 characters)",
		"sk_0123456789abcdefghijklmn":  "sk_…klmn (27 characters)",
		"sk_a":                         "sk_… (4 characters)",
	} {
		if got := maskedKey(key); got != want {
			t.Errorf("maskedKey(%s) = %s, want %s", key, got, want)
		}
	}
}
