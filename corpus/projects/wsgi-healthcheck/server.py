import os
import sys


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [("commit " + os.environ.get("GIT_COMMIT", "unset")).encode()]


if __name__ == "__main__" and "--check" in sys.argv:
    answer = []
    body = application({}, lambda status, headers: answer.append(status))
    print(f"{answer[0]}: {b''.join(body).decode()}")
