// Package button is tests alone: package portalhttp behind pages that send the click by a plain form, htmx, Turbo, fetch
// or XMLHttpRequest, with the real libraries in Chromium.
package button
