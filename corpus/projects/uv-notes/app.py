"""Notes on a board, by tag."""

import sys

from flask import Flask, jsonify

app = Flask(__name__)
NOTES = {"milk": "shop", "bread": "shop", "letter": "post"}


@app.get("/<tag>")
def tagged(tag: str) -> object:
    """The notes with a tag."""
    return jsonify(sorted(note for note, kind in NOTES.items() if kind == tag))


if __name__ == "__main__":
    if "--check" in sys.argv:
        answer = app.test_client().get("/shop")
        print(f"GET /shop -> {answer.status_code}, {len(answer.json)} notes")
    else:
        app.run(host="0.0.0.0", port=8000)
