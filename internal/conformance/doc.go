// Package conformance holds tests that let servers and clients of other people judge
// ours by the document: Prism serves it as a mock to our client, and watches every
// exchange between our client and our sandbox.
package conformance
