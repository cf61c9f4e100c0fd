package portaltest

import (
	"net/http"
	"strings"
)

func isFile(path string) bool { return strings.HasPrefix(path, iconPath) }

func serveFile(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }
