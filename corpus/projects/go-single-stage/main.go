// Command quotes serves one of a few embedded quotes by number.
package main

import (
	_ "embed"
	"flag"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
)

//go:embed quotes.txt
var text string

func lines() []string { return strings.Split(strings.TrimSpace(text), "\n") }

func serve(w http.ResponseWriter, r *http.Request) {
	for i, l := range lines() {
		fmt.Fprintf(w, "%d %s\n", i+1, l)
	}
}

func main() {
	check := flag.Bool("check", false, "answer one request to itself and stop")
	flag.Parse()
	if *check {
		rec := httptest.NewRecorder()
		serve(rec, httptest.NewRequest("GET", "/", nil))
		fmt.Printf("%d quotes, %s\n", strings.Count(rec.Body.String(), "\n"), rec.Result().Status)
		return
	}
	http.HandleFunc("/", serve)
	log.Fatal(http.ListenAndServe(":8080", nil))
}
