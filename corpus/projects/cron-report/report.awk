length($0) > longest { longest = length($0) }
END { printf "report: %d lines, longest %d\n", NR, longest }
