from app import app


def test_missing_note():
    assert app.test_client().get("/notes/99").status_code == 404
