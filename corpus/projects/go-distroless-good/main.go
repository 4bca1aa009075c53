// Command collatz counts the Collatz steps of a number.
package main

import (
	"fmt"
	"os"
	"strconv"
)

func steps(n int) int {
	count := 0
	for ; n != 1; count++ {
		if n%2 == 0 {
			n /= 2
		} else {
			n = 3*n + 1
		}
	}
	return count
}

func main() {
	n, err := strconv.Atoi(os.Args[len(os.Args)-1])
	if err != nil || n < 1 {
		fmt.Fprintln(os.Stderr, "usage: collatz N")
		os.Exit(2)
	}
	fmt.Printf("%d: %d steps\n", n, steps(n))
}
