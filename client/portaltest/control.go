package portaltest

const controlPath = "/_sandbox"
