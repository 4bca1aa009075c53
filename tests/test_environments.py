"""Stages of Python whose packages uv, Poetry and Pipenv install: what comes of each, and lies about them."""

from __future__ import annotations

import pytest

from optimizer.facts import Facts
from optimizer.facts.interpreted.environments import Spot, landing
from optimizer.syntax.parser import parse
from tests.test_interpreted import Files, last_stage, lies, parted

PROJECT: Files = {
    "pyproject.toml": '[project]\nname = "notes"\nrequires-python = ">=3.11"\ndependencies = ["flask"]\n',
    "uv.lock": "",
    "poetry.lock": "",
    "Pipfile": '[packages]\nflask = "*"\n',
    "Pipfile.lock": "{}",
    "app.py": "",
}
START = 'CMD ["python", "app.py"]\n'
POETRY = "FROM python:3.12\nRUN pip install poetry\nWORKDIR /app\nCOPY . .\n"
PIPENV = "FROM python:3.12\nRUN pip install pipenv\nWORKDIR /app\nCOPY . .\n"
UV = "FROM python:3.12\nCOPY --from=ghcr.io/astral-sh/uv:0.9 /uv /bin/uv\nWORKDIR /app\nCOPY . .\n"
ENVIRONMENT = "RUN python -m venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH"
ACTIVATED = f"{ENVIRONMENT} VIRTUAL_ENV=/opt/venv"

PARTED: dict[str, tuple[str, str, str]] = {
    "uv keeps the environment in the project": (
        f"{UV}RUN uv sync --locked --no-dev\nENV PATH=/app/.venv/bin:$PATH\n{START}",
        "COPY --from=builder /app /app\nENV PATH=/app/.venv/bin:$PATH\n",
        "",
    ),
    "uv is told another place": (
        f"{UV}ENV UV_PROJECT_ENVIRONMENT=/srv/env\nRUN uv sync --locked\nENV PATH=/srv/env/bin:$PATH\n{START}",
        "COPY --from=builder /app /app\nCOPY --from=builder /srv/env /srv/env\n",
        "",
    ),
    "uv starts the program, and comes along": (
        f'{UV}RUN uv sync --locked\nCMD ["uv", "run", "app.py"]\n',
        "COPY --from=ghcr.io/astral-sh/uv:0.9 /uv /bin/uv\n",
        "",
    ),
    "uv is installed by pip, and left behind": (
        (
            "FROM python:3.12\nRUN pip install uv\nWORKDIR /app\nCOPY . .\nRUN uv sync\n"
            f"ENV PATH=/app/.venv/bin:$PATH\n{START}"
        ),
        "FROM python:3.12-slim\nWORKDIR /app\nCOPY --from=builder /app /app\n",
        "",
    ),
    "uv fills an environment of its own": (
        f"{UV}RUN uv venv && uv pip install -r requirements.txt\nENV PATH=/app/.venv/bin:$PATH\n{START}",
        "COPY --from=builder /app /app\n",
        "",
    ),
    "uv fills the one that is active": (
        (
            f"{UV}ENV VIRTUAL_ENV=/srv/env\nRUN uv venv /srv/env\nRUN uv pip install flask\n"
            f"ENV PATH=/srv/env/bin:$PATH\n{START}"
        ),
        "COPY --from=builder /srv/env /srv/env\n",
        "",
    ),
    "Poetry without environments": (
        f"{POETRY}RUN poetry config virtualenvs.create false\nRUN poetry install --no-root\n{START}",
        "COPY --from=builder /opt/venv /opt/venv\nCOPY --from=builder /app /app\n",
        f"RUN pip install poetry\n{ACTIVATED}\nWORKDIR /app\n",
    ),
    "the same, by a variable": (
        f"FROM python:3.12\nENV POETRY_VIRTUALENVS_CREATE=0\n{POETRY.partition(chr(10))[2]}RUN poetry install\n{START}",
        "COPY --from=builder /opt/venv /opt/venv\n",
        ACTIVATED,
    ),
    "Poetry in the same step is in the same environment": (
        (
            "FROM python:3.12\nWORKDIR /app\nCOPY . .\n"
            f"RUN pip install poetry && poetry config virtualenvs.create false && poetry install\n{START}"
        ),
        "COPY --from=builder /opt/venv /opt/venv\n",
        f"AS builder\n{ACTIVATED}\n",
    ),
    "Poetry in the project": (
        f"{POETRY}ENV POETRY_VIRTUALENVS_IN_PROJECT=true\nRUN poetry install\nENV PATH=/app/.venv/bin:$PATH\n{START}",
        "/app\nENV POETRY_VIRTUALENVS_IN_PROJECT=true\nCOPY --from=builder /app /app\nENV PATH",
        "",
    ),
    "Poetry starts the program, and comes along": (
        f'{POETRY}RUN poetry install\nCMD ["poetry", "run", "flask", "run"]\n',
        "RUN pip install poetry\nWORKDIR /app\nCOPY --from=builder /opt/venv /opt/venv\n",
        ACTIVATED,
    ),
    "what keeps pip in order goes with Poetry": (
        f"FROM python:3.12\nRUN pip install -U pip\n{POETRY.partition(chr(10))[2]}RUN poetry install\n{START}",
        "COPY --from=builder /opt/venv /opt/venv\n",
        f"RUN pip install -U pip\nRUN pip install poetry\n{ACTIVATED}\n",
    ),
    "but with packages of pip it does not": (
        f"FROM python:3.12\nRUN pip install -U pip\nCOPY . /app\nRUN pip install -r /app/requirements.txt\n{START}",
        "COPY --from=builder /opt/venv /opt/venv\n",
        f"AS builder\n{ENVIRONMENT}\nRUN pip install -U pip\n",
    ),
    "Pipenv for the system": (
        f"{PIPENV}RUN pipenv install --system --deploy\n{START}",
        "FROM python:3.12-slim\nENV PATH=/opt/venv/bin:$PATH\nWORKDIR /app\nCOPY --from=builder /opt/venv /opt/venv\n",
        f"RUN pip install pipenv\n{ENVIRONMENT}\nWORKDIR /app\n",
    ),
    "Pipenv in the project": (
        f"{PIPENV}ENV PIPENV_VENV_IN_PROJECT=1\nRUN pipenv sync\nENV PATH=/app/.venv/bin:$PATH\n{START}",
        "/app\nENV PIPENV_VENV_IN_PROJECT=1\nCOPY --from=builder /app /app\nENV PATH",
        "",
    ),
    "Pipenv starts the program, and comes along": (
        f'{PIPENV}RUN pipenv install\nCMD ["pipenv", "run", "flask", "run"]\n',
        "RUN pip install pipenv\nWORKDIR /app\n",
        ACTIVATED,
    ),
}


@pytest.mark.parametrize("name", PARTED)
def test_the_environment_goes_along(name: str) -> None:
    text, runs, builds = PARTED[name]
    result = parted(text, {**PROJECT, "requirements.txt": "flask\n"})
    assert runs in last_stage(result), result.stood_back
    assert builds in result.after


@pytest.mark.parametrize(
    ("text", "files", "why"),
    [
        (f"{UV}RUN uv pip install --system flask\n{START}", {}, "`--system` says where packages lie"),
        (f"{UV}ENV UV_PYTHON=3.13\nRUN uv sync\n{START}", {}, "`UV_PYTHON` says where"),
        (f"{UV}ENV UV_LINK_MODE=symlink\nRUN uv sync\n{START}", {}, "`UV_LINK_MODE` says where"),
        (f"{UV}RUN uv sync\n{START}", {".python-version": "3.13\n"}, "`.python-version` wants `3.13`"),
        (f"{UV}RUN uv sync\n{START}", {"pyproject.toml": '[project]\nrequires-python = ">=3.13"\n'}, "wants `>=3.13`"),
        (f"{UV}WORKDIR /app/part\nRUN uv sync\n{START}", {"part/pyproject.toml": ""}, "a part of the workspace"),
        (f"{UV}RUN cd part && uv sync\n{START}", {}, "its `RUN` goes to another folder"),
        (
            f'{UV}RUN uv sync --no-dev\nCMD ["uv", "run", "app.py"]\n',
            {"pyproject.toml": "[dependency-groups]\ndev=['x']\n"},
            "left development packages away",
        ),
        (f'{UV}RUN uv sync\nCMD ["uv", "run", "--with", "rich", "app.py"]\n', {}, "`--with` asks for more"),
        (
            f'{UV}RUN uv sync --no-install-project\nCMD ["uv", "run", "app.py"]\n',
            {"pyproject.toml": "[build-system]\nrequires=['x']\n"},
            "left the project itself away",
        ),
        (
            f"{POETRY}ARG POETRY_VIRTUALENVS_CREATE\nRUN poetry install\n{START}",
            {},
            "the value of `POETRY_VIRTUALENVS_CREATE`",
        ),
        (
            f"{POETRY}RUN poetry install\n{START}",
            {"poetry.toml": '[virtualenvs]\npath = "x"\n'},
            "`virtualenvs.path` says",
        ),
        (
            f"FROM python:3.12\nWORKDIR /app\nCOPY . .\nRUN pip install poetry && poetry install\n{START}",
            {},
            "a tool would share an environment",
        ),
        (
            (
                "FROM python:3.12\nRUN python -m venv /venv\nENV PATH=/venv/bin:$PATH POETRY_VIRTUALENVS_CREATE=false\n"
                f"RUN pip install poetry\nWORKDIR /app\nCOPY . .\nRUN poetry install\n{START}"
            ),
            {},
            "hangs on its version; `VIRTUAL_ENV` tells",
        ),
        (f"{PIPENV}ENV WORKON_HOME=/envs\nRUN pipenv install\n{START}", {}, "`WORKON_HOME` says where"),
        (
            f"{POETRY}ENV POETRY_VIRTUALENVS_IN_PROJECT=1\nRUN poetry install\nRUN pip install gunicorn\n{START}",
            {},
            "packages lie in two places",
        ),
        (f"{POETRY}RUN poetry install\nRUN pip install gunicorn\n{START}", {}, "packages lie in two places"),
        (f"{POETRY}USER app\nRUN poetry install\n{START}", {}, "another user than root installs packages"),
        (
            f'{PIPENV}RUN pipenv install\nCMD ["pipenv", "run", "serve"]\n',
            {"Pipfile": '[scripts]\nserve = "$X y"\n'},
            "a program whose name is not known",
        ),
    ],
)
def test_a_refusal_names_the_fact_that_is_missing(text: str, files: Files, why: str) -> None:
    result = parted(text, {**PROJECT, **files})
    assert not result.changed
    assert result.refusals == ()
    assert any(why in one.why for one in result.stood_back), result.stood_back


@pytest.mark.parametrize(
    ("requires", "tag", "allowed"),
    [
        (">=3.11", "3.12-slim", True),
        (">=3.12", "3.12", True),
        (">=3.12.4", "3.12", False),
        (">=3.9,<4", "3.12.3-bookworm", True),
        (">=3.9,<3.12", "3.12", False),
        ("~=3.11", "3.12", True),
        ("~=3.12.0", "3.12", False),
        ("==3.12.*", "3.12", True),
        ("==3.12", "3.12", False),
        ("!=3.12", "3.12", False),
        (">3.11", "3.12", True),
        ("<=3.12", "3.12", False),
        ("^3.11", "3.12", False),
        (">=3.11", "latest", False),
    ],
)
def test_the_interpreter_of_the_image_is_one_that_the_project_allows(requires: str, tag: str, *, allowed: bool) -> None:
    text = f"{UV}RUN uv sync\nENV PATH=/app/.venv/bin:$PATH\n{START}".replace("python:3.12", f"python:{tag}", 1)
    project = f'[project]\nrequires-python = "{requires}"\n'
    found = parted(text.replace(f":{tag}\n", f":{tag.removesuffix('-slim')}\n"), {**PROJECT, "pyproject.toml": project})
    assert found.changed == allowed


def test_downloads_that_are_off_leave_the_interpreter_of_the_image() -> None:
    text = f"{UV}ENV UV_PYTHON_DOWNLOADS=never\nRUN uv sync\nENV PATH=/app/.venv/bin:$PATH\n{START}"
    assert parted(text, {**PROJECT, ".python-version": "3.13\n"}).changed


LIED = f"{POETRY}RUN poetry config virtualenvs.create false\nRUN poetry install\n{START}"
HIDDEN = f'{POETRY}RUN poetry install\nCMD ["poetry", "run", "flask", "run"]\n'


@pytest.mark.parametrize(
    ("text", "old", "new", "why"),
    [
        (LIED, " VIRTUAL_ENV=/opt/venv", "", "packages would be left behind"),
        (LIED, "COPY --from=builder /opt/venv /opt/venv\n", "", "the packages would be left behind"),
        (HIDDEN, "\nRUN pip install poetry\nWORKDIR", "\nWORKDIR", "`poetry` is started, and would be left behind"),
        (
            HIDDEN,
            f"RUN pip install poetry\n{ACTIVATED}\nWORKDIR",
            f"{ACTIVATED}\nRUN pip install poetry\nWORKDIR",
            "the packages of `poetry` would be mixed with its own",
        ),
        (
            f"{UV}RUN uv sync\n{START}",
            "COPY --from=builder /app /app",
            "COPY --from=builder /app/app.py /app/app.py",
            "the packages in `/app/.venv`",
        ),
        (LIED, "3.12-slim\nENV PATH=/opt/venv/bin:$PATH VIRTUAL_ENV=/opt/venv\n", "3.12-slim\n", "the variable `PATH`"),
        (
            f"{UV}RUN uv sync\n{START}",
            "AS builder\n",
            f"AS builder\n{ACTIVATED}\n",
            "the packages would be left behind",
        ),
    ],
)
def test_a_lie_about_an_environment_is_caught(text: str, old: str, new: str, why: str) -> None:
    result = lies(text, old, new, PROJECT)
    assert not result.changed
    assert any(why in one.why for one in result.refusals), result.refusals


def test_leaving_packages_beside_an_interpreter_that_stays_behind_is_caught() -> None:
    true = parted(LIED, PROJECT).after
    path = ACTIVATED.partition("\n")[2]
    less = true.replace(f"{ACTIVATED}\n", "").replace(f"{path}\n", "")
    less = less.replace("COPY --from=builder /opt/venv /opt/venv\n", "")
    result = lies(LIED, true, less, PROJECT)
    assert any("packages would be left behind: beside the" in one.why for one in result.refusals), result.refusals


def test_bringing_two_places_together_is_caught() -> None:
    true = parted(HIDDEN, PROJECT).after
    step = "RUN poetry install\n"
    text, more = (one.replace(step, f"{step}RUN pip install gunicorn\n") for one in (HIDDEN, true))
    result = lies(text, step, step, PROJECT, more)
    assert any("packages that lay in two places" in one.why for one in result.refusals), result.refusals


def test_the_true_ones_pass() -> None:
    for text in (LIED, HIDDEN):
        result = lies(text, "# holds", "# holds", PROJECT)
        assert result.changed
        assert result.refusals == ()


@pytest.mark.parametrize(
    ("step", "spot", "path"),
    [
        ("pip install flask", Spot.BESIDE, ""),
        ("python3 -m pip install flask", Spot.BESIDE, ""),
        ("/srv/env/bin/pip install flask", Spot.UNKNOWN, ""),
        ("python -m venv /srv/env && /srv/env/bin/pip install flask", Spot.ENVIRONMENT, "/srv/env"),
        ("pip install --target=/srv flask", Spot.UNKNOWN, ""),
        ("pipenv install", Spot.UNKNOWN, ""),
        ("poetry config virtualenvs.create", None, ""),
        ("uv lock", None, ""),
    ],
)
def test_where_the_packages_of_a_call_lie(step: str, spot: Spot | None, path: str) -> None:
    facts = Facts(parse(f"FROM python:3.12\nRUN {step}\n"))
    run = facts.stages[0].instructions[-1]
    found = landing(facts, run, facts.calls(run)[-1])
    assert (found.spot if found else None, found.path if found else "") == (spot, path)
