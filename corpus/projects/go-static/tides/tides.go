// Package tides reads a table that is compiled into the program.
package tides

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

//go:embed table.txt
var table string

// Levels are the levels in metres, in the order of the table.
func Levels() ([]float64, error) {
	var levels []float64
	for number, line := range strings.Split(strings.TrimSpace(table), "\n") {
		_, level, found := strings.Cut(line, " ")
		if !found {
			return nil, fmt.Errorf("line %d has no level", number+1)
		}
		value, err := strconv.ParseFloat(level, 64)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number+1, err)
		}
		levels = append(levels, value)
	}
	return levels, nil
}

// Highest is the highest level, 0 of none.
func Highest(levels []float64) float64 {
	highest := 0.0
	for _, level := range levels {
		highest = max(highest, level)
	}
	return highest
}
