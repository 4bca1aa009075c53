"""What keeps a review from being sent. No message holds a token."""

from __future__ import annotations


class PostError(Exception):
    """The server, or what was given for it, is the reason; the message says what to do."""

    exit_code = 2


class Refused(PostError):
    """The server understood and said no: asking again changes nothing. `status`: its number."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Uncertain(PostError):
    """Nobody knows whether the server did what it was asked for."""
