import csv
import sys

from tabulate import tabulate

with open("rows.csv", newline="", encoding="utf-8") as f:
    rows = list(csv.reader(f))
if "--table" in sys.argv:
    print(tabulate(rows[1:], headers=rows[0]))
else:
    print(len(rows) - 1, "rows")
