package main

import (
	"bufio"
	"fmt"
	"os"
	"sort"
)

func main() {
	f, err := os.Open("hosts.txt")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer f.Close()
	var hosts []string
	for s := bufio.NewScanner(f); s.Scan(); {
		if s.Text() != "" {
			hosts = append(hosts, s.Text())
		}
	}
	sort.Strings(hosts)
	fmt.Printf("%d hosts, first %s\n", len(hosts), hosts[0])
}
