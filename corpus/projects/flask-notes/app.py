import json
import sys
from pathlib import Path

from flask import Flask, jsonify

NOTES = json.loads((Path(__file__).parent / "notes.json").read_text(encoding="utf-8"))

app = Flask(__name__)


@app.get("/")
def index():
    return jsonify(NOTES)


@app.get("/notes/<int:number>")
def note(number):
    if not 0 <= number < len(NOTES):
        return jsonify(error="no such note"), 404
    return jsonify(NOTES[number])


if __name__ == "__main__":
    if "--check" in sys.argv:
        answer = app.test_client().get("/")
        print(f"{len(answer.get_json())} notes")
    else:
        app.run(host="0.0.0.0", port=5000)
