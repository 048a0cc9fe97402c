package api

import (
	"net/http"
	"time"
)

// Server returns a server for the handler that no slow, silent or large request holds up.
func Server(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 15 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		DisableGeneralOptionsHandler: true} // OPTIONS * is refused as all other methods are
}
