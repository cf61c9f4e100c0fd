package portaltest

import "net/http"

func (h *Handler) servePage(x *exchange, r *http.Request) {
	_, alive, ok := h.links.open(r.URL.Query().Get("secret"), x.now)
	switch {
	case !ok:
		http.NotFound(x, r)
	case !alive:
		http.Error(x, "expired", http.StatusGone)
	default:
		_, _ = x.Write([]byte("Admin Portal"))
	}
}
