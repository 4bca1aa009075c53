// Prints how many tides a table holds, and the highest of them.
package main

import (
	"fmt"
	"os"

	"example.com/tides/tides"
)

func main() {
	levels, err := tides.Levels()
	if err != nil {
		fmt.Fprintln(os.Stderr, "tally-tides:", err)
		os.Exit(1)
	}
	fmt.Printf("%d tides, the highest %.2f m\n", len(levels), tides.Highest(levels))
}
