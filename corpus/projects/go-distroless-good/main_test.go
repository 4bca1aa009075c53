package main

import "testing"

func TestSteps(t *testing.T) {
	if got := steps(6); got != 8 {
		t.Fatalf("steps(6) = %d", got)
	}
}
