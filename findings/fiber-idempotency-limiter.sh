#!/bin/sh
# Fiber's idempotency middleware stands before Fiber's rate limiter, so that a repeated
# answer costs nothing. It keeps the limiter's 429 like a result. A call that comes back with
# its key after Retry-After gets the old 429, for half an hour. A call with a new key goes
# through.
. "$(dirname "$0")/form"
go_modules github.com/gofiber/fiber/v3@v3.1.0
cat >main.go <<'END'
package main

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/idempotency"
	"github.com/gofiber/fiber/v3/middleware/limiter"
)

func main() {
	app := fiber.New()
	app.Use(idempotency.New(idempotency.Config{KeyHeader: "Idempotency-Key"}))
	app.Use(limiter.New(limiter.Config{Max: 1, Expiration: 2 * time.Second}))
	app.Post("/", func(c fiber.Ctx) error { return c.SendString("a link") })
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() { _ = app.Listener(ln, fiber.ListenConfig{DisableStartupMessage: true}) }()
	post := func(key string) *http.Response {
		req, _ := http.NewRequest(http.MethodPost, "http://"+ln.Addr().String(), nil)
		req.Header.Set("Idempotency-Key", key+"0000000-0000-4000-8000-000000000000")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			panic(err)
		}
		_ = resp.Body.Close()
		return resp
	}
	fmt.Print("one key ", post("1").StatusCode)
	refused := post("2")
	fmt.Print("; a second key ", refused.StatusCode)
	seconds, _ := strconv.Atoi(refused.Header.Get("Retry-After"))
	time.Sleep(time.Duration(seconds+1) * time.Second)
	fmt.Println(", and after Retry-After", post("2").StatusCode, "though a third key gets", post("3").StatusCode)
}
END
report 'one key 200; a second key 429, and after Retry-After 200 though a third key gets 429' \
	"$(go run .)" 'one key 200; a second key 429, and after Retry-After 429 though a third key gets 200'
