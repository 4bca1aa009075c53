from app import QUOTES


def test_quotes():
    assert len(QUOTES) == 3
