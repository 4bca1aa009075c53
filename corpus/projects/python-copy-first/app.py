"""A service that knows some quotes."""

import sys
from pathlib import Path

from flask import Flask, render_template

app = Flask(__name__)
QUOTES = Path(__file__).with_name("data").joinpath("quotes.txt").read_text().splitlines()


@app.get("/")
def index() -> str:
    return render_template("index.html", quotes=QUOTES)


if __name__ == "__main__":
    if "--check" in sys.argv:
        answer = app.test_client().get("/")
        print(f"GET / -> {answer.status_code}, {answer.text.count('<li>')} quotes")
    else:
        app.run(host="0.0.0.0", port=8000)
