package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal/internal/contract"
)

// What go test -json prints of a test that fails twice over, of one that passes, and
// of a package that does not compile.
const testEvents = `{"Action":"output","Package":"github.com/adminportal-go/adminportal/client","Test":"TestA","Output":"    a_test.go:7: openapi.yaml: GET /things 200: is wrong; mend it\n"}
{"Action":"output","Package":"github.com/adminportal-go/adminportal/client","Test":"TestA","Output":"    a_test.go:7: openapi.yaml: GET /things 200: is wrong; mend it\n"}
{"Action":"output","Package":"github.com/adminportal-go/adminportal/client","Test":"TestA","Output":"    a_test.go:9: something else\n"}
{"Action":"fail","Package":"github.com/adminportal-go/adminportal/client","Test":"TestA"}
{"Action":"output","Package":"github.com/adminportal-go/adminportal","Test":"TestB","Output":"    b_test.go:3: gen/gen.go: old\n"}
{"Action":"fail","Package":"github.com/adminportal-go/adminportal","Test":"TestB"}
{"Action":"output","Package":"github.com/adminportal-go/adminportal","Test":"TestC","Output":"    b_test.go:4: said in passing\n"}
{"Action":"pass","Package":"github.com/adminportal-go/adminportal","Test":"TestC"}
{"Action":"output","Package":"github.com/adminportal-go/adminportal/client","Test":"TestD","Output":"panic: interface conversion: interface {} is nil, not string [recovered, repanicked]\n"}
{"Action":"output","Package":"github.com/adminportal-go/adminportal/client","Test":"TestD","Output":"\t/usr/lib/go/src/testing/testing.go:1974 +0x1\n"}
{"Action":"output","Package":"github.com/adminportal-go/adminportal/client","Test":"TestD","Output":"\t/home/me/client/d_test.go:21 +0x1\n"}
{"Action":"output","Package":"github.com/adminportal-go/adminportal/client","Test":"TestD","Output":"\t/home/me/client/e_test.go:22 +0x1\n"}
{"Action":"fail","Package":"github.com/adminportal-go/adminportal/client","Test":"TestD"}
{"Action":"build-output","ImportPath":"x","Output":"./client/link.go:12:3: undefined: gen.X\n"}
{"Action":"build-output","ImportPath":"x [x.test]","Output":"./client/link.go:12:3: undefined: gen.X\n"}
`

func TestFindingsOfTests(t *testing.T) {
	doc, unreadable := contract.Read("openapi.yaml", []byte("openapi: 3.0.3\npaths:\n  /things:\n    get:\n      responses:\n        '200':\n          description: Things.\n"))
	if unreadable != nil {
		t.Fatal(unreadable)
	}
	findings, err := parseTests(strings.NewReader(testEvents))
	if err != nil {
		t.Fatal(err)
	}
	locateFacts(findings, doc)
	var got []string
	for _, f := range findings {
		got = append(got, f.String())
	}
	want := []string{
		"openapi.yaml:6: GET /things 200: is wrong; mend it",
		"client/a_test.go:9: something else",
		"gen/gen.go:1: old",
		"client/d_test.go:21: interface conversion: interface {} is nil, not string: this takes for granted what the document has no more; put that back, or mend this",
		"client/link.go:12: undefined: gen.X: it does not compile; bring it up to date with the document",
	}
	if !slices.Equal(got, want) {
		t.Errorf("findings =\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
