"""Connects, or says with `--check` that it could."""

import getpass
import os
import sys

import psycopg2

if "--check" in sys.argv:
    there = "there" if psycopg2.__libpq_version__ > 0 else "not there"
    print(f"libpq is {there}, as {getpass.getuser()}")
else:
    with psycopg2.connect(os.environ["DATABASE_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("select sum(amount) from entries")
        print(cursor.fetchone()[0])
