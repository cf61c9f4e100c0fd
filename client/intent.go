package client

import (
	"strings"

	"github.com/adminportal-go/adminportal/gen"
)

// Intent is what the admin is to configure. It must match the button that was pressed: use
// [IntentDsync], not [IntentSSO], for "Configure Directory Sync".
type Intent string

// The intents of both dialects, as openapi.yaml lists them.
const (
	IntentSSO        = Intent(gen.IntentSSO)        // single sign-on
	IntentDsync      = Intent(gen.IntentDsync)      // Directory Sync
	IntentAuditLogs  = Intent(gen.IntentAuditLogs)  // view audit events
	IntentLogStreams = Intent(gen.IntentLogStreams) // stream audit events to the customer's own system
)

// The intents that only the live dialect has. A request with one of them goes directly to
// POST /portal/generate_link. With [DialectPortalLinks] pinned it is refused before anything is sent.
const (
	IntentDomainVerification = Intent(gen.LiveIntentDomainVerification) // prove that a domain is theirs
	IntentCertificateRenewal = Intent(gen.LiveIntentCertificateRenewal) // replace an expiring SAML certificate
	IntentBringYourOwnKey    = Intent(gen.LiveIntentBringYourOwnKey)    // use an encryption key of their own
)

var (
	intents     = []Intent{IntentSSO, IntentDsync, IntentAuditLogs, IntentLogStreams}
	liveIntents = []Intent{IntentDomainVerification, IntentCertificateRenewal, IntentBringYourOwnKey}
)

func list(intents []Intent) string {
	names := make([]string, len(intents))
	for i, intent := range intents {
		names[i] = string(intent)
	}
	return strings.Join(names, ", ")
}
