"""What takes installed packages into the last stage by themselves: what stays, and lies that the check catches."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from optimizer.checks.parting import parted_wrongly
from optimizer.engine import Result, optimize
from optimizer.facts import Facts
from optimizer.facts.context import Given
from optimizer.syntax.parser import parse
from optimizer.transform import Declined, Proposal, Safety, transform
from transforms.copy_dependencies_first import copy_dependencies_first

NODE = {
    "package.json": (
        '{"scripts": {"build": "tsc"}, "dependencies": {"fastify": "4"}, "devDependencies": {"typescript": "5"}}'
    ),
    "package-lock.json": "{}",
    "src/main.ts": "",
}
PYTHON = {"requirements.txt": "flask\n", "app.py": "", "manage.py": ""}

BUILT = """\
FROM node:22 AS builder
WORKDIR /app
COPY package.json package-lock.json ./
# all of them
RUN npm ci
COPY . .
RUN npm run build
RUN npm prune --omit=dev

FROM node:22-slim
WORKDIR /app
COPY --from=builder /app /app
CMD ["node", "dist/main.js"]
"""
PARTED = """\
# installs what the program needs; a changed source file leaves it alone
FROM node:22 AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# all of them
RUN npm ci --omit=dev

FROM dependencies AS builder
RUN npm ci
COPY . .
RUN npm run build
RUN rm -rf node_modules

FROM node:22-slim
WORKDIR /app
COPY --from=dependencies /app/node_modules /app/node_modules
COPY --from=builder /app /app
CMD ["node", "dist/main.js"]
"""
SCRIPTED = """\
FROM python:3.13 AS builder
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /app
COPY requirements.txt ./
RUN pip install -r requirements.txt
COPY . .
FROM python:3.13-slim
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /app
COPY --from=builder /opt/venv /opt/venv
COPY --from=builder /app /app
CMD ["python", "app.py"]
"""


def given(files: dict[str, str]) -> Given:
    return Given({path: content.encode() for path, content in files.items()})


def parted(text: str, files: dict[str, str]) -> Result:
    return optimize(text, [copy_dependencies_first], unsafe=True, context=given(files))


def test_packages_of_a_build_have_a_stage_of_their_own() -> None:
    result = parted(BUILT, NODE)
    assert (result.after, result.refusals) == (PARTED, ())
    again = parted(PARTED, NODE)
    assert not again.changed


def test_packages_of_yarn_have_a_stage_of_their_own_where_a_lock_file_says_which() -> None:
    files = {**NODE, "yarn.lock": "# yarn lockfile v1\n"}
    text = BUILT.replace("package-lock.json", "yarn.lock").replace("npm ci", "yarn install --frozen-lockfile")
    text = text.replace("npm prune --omit=dev", "yarn install --production --ignore-scripts --prefer-offline")
    after = parted(text, files).after
    assert "RUN yarn install --production --frozen-lockfile\n" in after
    assert "FROM dependencies AS builder\nRUN yarn install --frozen-lockfile\n" in after
    assert "RUN rm -rf node_modules\n" in after
    assert parted(text.replace("RUN yarn install --prod", "RUN yarn install --frozen-lockfile --prod"), files).changed
    assert not parted(text.replace(" --frozen-lockfile", ""), files).changed
    assert not parted(text, {**files, ".yarnrc.yml": ""}).changed


def test_development_packages_stay_where_they_stayed() -> None:
    after = parted(BUILT.replace("RUN npm prune --omit=dev\n", ""), NODE).after
    assert after == PARTED.replace(" --omit=dev\n", "\n").replace(
        "FROM dependencies AS builder\nRUN npm ci\n", "FROM dependencies AS builder\n"
    )


def test_an_environment_is_taken_from_before_the_sources() -> None:
    text = SCRIPTED.replace("COPY . .\nFROM", "COPY . .\nRUN python manage.py collectstatic\nFROM")
    after = parted(text, PYTHON).after
    assert "RUN pip install -r requirements.txt\n\nFROM dependencies AS builder\nCOPY . .\n" in after
    assert "COPY --from=dependencies /opt/venv /opt/venv\nCOPY --from=builder /app /app\n" in after


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("compose.yml", "services: {a: {build: {context: ., target: builder}}}"),
        ("ci.sh", "docker build --target=Builder ."),
    ],
)
def test_a_builder_that_somebody_builds_keeps_its_sources(name: str, text: str) -> None:
    straight = parted(SCRIPTED, PYTHON).after
    assert straight.count("COPY . .") == 1 and "AS builder\nCOPY . ." not in straight
    kept = parted(SCRIPTED, {**PYTHON, name: text}).after
    assert "FROM dependencies AS builder\nCOPY . .\n" in kept or kept == SCRIPTED


@pytest.mark.parametrize("above", ["COPY . .\n", "FROM python:3.13-slim"])
def test_an_environment_into_which_a_later_step_installs_comes_from_that(above: str) -> None:
    after = parted(SCRIPTED.replace(above, f"RUN pip install gunicorn\n{above}", 1), PYTHON).after
    assert "COPY --from=builder /opt/venv /opt/venv\n" in after
    assert "dependencies" not in after


def test_without_a_build_development_packages_are_not_installed() -> None:
    after = parted(BUILT.replace("RUN npm run build\n", ""), NODE).after
    assert "RUN npm ci --omit=dev\n\nFROM node:22-slim" in after
    assert after.endswith(
        'COPY --from=builder /app/node_modules /app/node_modules\nCOPY . .\nCMD ["node", "dist/main.js"]\n'
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("COPY requirements.txt ./", "COPY requirements.txt ./\nRUN echo 1 > /app/version"),
        ("ENV PATH=/opt/venv/bin:$PATH\nWORKDIR /app\nCOPY --from", "WORKDIR /srv\nCOPY --from"),
    ],
    ids=["the folder holds more than the sources", "the last stage does not enter it"],
)
def test_what_cannot_come_straight_comes_from_a_stage_behind_the_install(old: str, new: str) -> None:
    result = parted(SCRIPTED.replace(old, new), PYTHON)
    assert "\nFROM dependencies AS builder\nCOPY . .\nFROM" in result.after and result.refusals == ()
    assert "COPY --from=dependencies /opt/venv /opt/venv\nCOPY --from=builder /app /app\n" in result.after


STAYS: dict[str, tuple[str, dict[str, str], str]] = {
    "a script names the folder": (
        BUILT,
        {**NODE, "package.json": '{"scripts": {"build": "cp a node_modules/b"}, "dependencies": {"fastify": "4"}}'},
        "may write into `node_modules`",
    ),
    "a package generates code": (
        BUILT.replace("RUN npm prune --omit=dev\n", ""),
        {**NODE, "package.json": '{"dependencies": {"@prisma/client": "5"}}'},
        "`@prisma/client` writes into `node_modules`",
    ),
    "a script runs at the end of the install": (
        BUILT,
        {
            **NODE,
            "package.json": NODE["package.json"].replace('"build"', '"prepare": "husky", "build"'),
        },
        "a script that runs at its end may need development packages",
    ),
    "no package may be left": (
        BUILT,
        {**NODE, "package.json": '{"devDependencies": {"typescript": "5"}}'},
        "no package may be left of it",
    ),
    "packages lie in the context": (
        BUILT,
        {**NODE, "node_modules/fastify/package.json": "{}"},
        "the context holds packages",
    ),
    "workspaces": (
        BUILT,
        {**NODE, "package.json": '{"workspaces": ["a"], "dependencies": {"fastify": "4"}}'},
        "packages of workspaces lie in more than one place",
    ),
    "another user at the end": (
        BUILT.replace("RUN npm prune", "USER node\nRUN npm prune"),
        NODE,
        "another user is in force at the end of the builder",
    ),
    "a step that may do anything": (
        BUILT.replace("RUN npm run build", "RUN ./build.sh"),
        NODE,
        "it may change what was installed",
    ),
    "another stage takes of the builder": (
        BUILT.replace(
            "\nFROM node:22-slim", "\nFROM node:22 AS test\nCOPY --from=builder /app /app\nFROM node:22-slim"
        ),
        NODE,
        "another stage takes files of the one that installs",
    ),
}


@pytest.mark.parametrize("name", STAYS)
def test_it_stays_where_a_fact_is_missing(name: str) -> None:
    text, files, why = STAYS[name]
    result = parted(text, files)
    assert not result.changed and result.refusals == ()
    assert any(why in one.why for one in result.stood_back), [one.why for one in result.stood_back]


BUILT_LIES: dict[str, tuple[str, str]] = {
    "packages would come twice": ("RUN rm -rf node_modules", "RUN true"),
    "too much is deleted": ("RUN rm -rf node_modules", "RUN rm -rf node_modules dist"),
    "packages would not come": ("COPY --from=dependencies /app/node_modules /app/node_modules\n", ""),
    "packages would come from elsewhere": ("COPY --from=dependencies /app", "COPY --from=node:22 /app"),
    "to another place": ("/app/node_modules /app/node_modules", "/app/node_modules /srv/node_modules"),
    "the builder would lack development packages": ("AS builder\nRUN npm ci\n", "AS builder\n"),
    "more is left away": ("RUN npm ci --omit=dev", "RUN npm ci --omit=dev --omit=optional"),
    "another install": ("RUN npm ci --omit=dev", "RUN npm install --omit=dev"),
    "on another image": ("FROM node:22 AS dependencies", "FROM node:20 AS dependencies"),
    "the builder would stand on another image": ("FROM dependencies AS builder", "FROM node:22 AS builder"),
    "the builder would have another name": ("FROM dependencies AS builder", "FROM dependencies AS build"),
    "a step would come": ("FROM dependencies AS builder\n", "FROM dependencies AS builder\nRUN curl example.org\n"),
    "a setting would come": ("FROM dependencies AS builder\n", "FROM dependencies AS builder\nENV A=1\n"),
    "a comment would go": ("# all of them\n", ""),
    "a comment would come": ("FROM dependencies AS builder", "# said\nFROM dependencies AS builder"),
    "the last stage would do something else": (
        "COPY --from=builder /app /app",
        "COPY --from=builder /app /app\nUSER node",
    ),
    "the last stage would take something else": ("COPY --from=builder /app /app", "COPY --from=builder /app/src /app"),
}
STRAIGHT_LIES: dict[str, tuple[str, str]] = {
    "the sources would not come": ("\nCOPY . .\nCMD", "\nCMD"),
    "others would": ("COPY . .", "COPY app.py ."),
    "to another place": ("COPY . .", "COPY . /srv"),
    "the environment would not come": ("COPY --from=builder /opt/venv /opt/venv\n", ""),
    "the builder would install otherwise": ("RUN pip install -r requirements.txt", "RUN pip install flask"),
}


def lies(text: str, files: dict[str, str], old: str, new: str) -> Result:
    """What becomes of the file where the right result is changed by one text."""
    right = parted(text, files).after
    assert old in right

    def lie(facts: Facts) -> Iterator[Proposal | Declined]:
        """Lies. Safety: none. Sources: none."""
        if facts.text == text:
            head, *rest = facts.sources
            yield Proposal(head, "it says so", {head: right.replace(old, new), **dict.fromkeys(rest, "")})

    aspects = {"stages", "config", "comments", "layers", "copied"}
    one = transform(Safety.UNSAFE, may_change=aspects, leeway={"parting"})(lie)
    return optimize(text, [one], unsafe=True, context=given(files))


def test_an_environment_from_before_an_install_is_caught() -> None:
    text = SCRIPTED.replace("COPY . .\nFROM", "COPY . .\nRUN python manage.py collectstatic\nFROM")
    right = parted(text, PYTHON).after
    install = "RUN python manage.py collectstatic\nRUN pip install gunicorn\n"
    before = Facts(parse(text.replace("RUN python manage.py collectstatic\n", install)), given(PYTHON))
    after = Facts(parse(right.replace("RUN python manage.py collectstatic\n", install)), given(PYTHON))
    assert "`RUN pip install gunicorn` may write what is taken before it" in (parted_wrongly(before, after) or "")
    assert parted_wrongly(Facts(parse(text), given(PYTHON)), Facts(parse(right), given(PYTHON))) is None


@pytest.mark.parametrize("name", BUILT_LIES)
def test_a_lie_about_a_build_is_caught(name: str) -> None:
    result = lies(BUILT, NODE, *BUILT_LIES[name])
    assert result.refusals and not result.changed


@pytest.mark.parametrize("name", STRAIGHT_LIES)
def test_a_lie_about_sources_is_caught(name: str) -> None:
    result = lies(SCRIPTED, PYTHON, *STRAIGHT_LIES[name])
    assert result.refusals and not result.changed


def test_the_truth_in_one_edit_is_believed() -> None:
    for text, files in ((BUILT, NODE), (SCRIPTED, PYTHON)):
        result = lies(text, files, "\nCMD", "\nCMD")
        assert result.refusals == () and result.changed
