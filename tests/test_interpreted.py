"""Stages of Node, Python and Ruby that are parted: what comes of each, why another one stays, and lies about them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from optimizer.engine import Result, optimize
from optimizer.facts import Facts
from optimizer.facts.context import Given, Start
from optimizer.facts.stacks.writer import RUNS
from optimizer.knowledge.interpreters import interpreters
from optimizer.syntax.parser import parse
from optimizer.transform import Declined, Proposal, Safety, transform
from transforms.multi_stage import multi_stage

Files = dict[str, str]

NODE: Files = {
    "package.json": (
        '{"scripts": {"build": "tsc", "start": "node dist/main.js"}, "devDependencies": {"typescript": "5"}}'
    ),
    "package-lock.json": "{}",
    "src/main.ts": "",
}
PYTHON: Files = {"requirements.txt": "flask\n", "app.py": ""}
RUBY: Files = {"Gemfile": 'gem "rack"\n', "Gemfile.lock": "GEM\n", "app.rb": ""}


def parted(text: str, files: Files, **options: str) -> Result:
    given = Given({path: content.encode() for path, content in files.items()})
    return optimize(text, [multi_stage.configured(options)], unsafe=True, context=given)


def last_stage(result: Result) -> str:
    """The new stage; empty where there is none."""
    assert result.refusals == ()
    return result.after.partition(RUNS + "\n")[2]


PARTED: dict[str, tuple[str, Files, str]] = {
    "a user of its own": (
        (
            "FROM python:3.12\nRUN useradd app\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n"
            'RUN chown -R app /app\nUSER app\nCMD ["python", "app.py"]\n'
        ),
        PYTHON,
        (
            "FROM python:3.12-slim\nENV PATH=/opt/venv/bin:$PATH\nRUN useradd app\nWORKDIR /app\n"
            "COPY --from=builder /opt/venv /opt/venv\nCOPY --from=builder /app /app\nRUN chown -R app /app\nUSER app\n"
            'CMD ["python", "app.py"]\n'
        ),
    ),
    "an environment that the file makes": (
        (
            "FROM python:3.12-bookworm\nRUN python -m venv /venv\nENV PATH=/venv/bin:$PATH\nWORKDIR /app\nCOPY . .\n"
            'RUN pip install -r requirements.txt\nCMD ["flask", "run"]\n'
        ),
        PYTHON,
        (
            "FROM python:3.12-slim-bookworm\nENV PATH=/venv/bin:$PATH\nWORKDIR /app\nCOPY --from=builder /venv /venv\n"
            'COPY --from=builder /app /app\nCMD ["flask", "run"]\n'
        ),
    ),
    "programs that something calls": (
        (
            "FROM python:3.12\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n"
            'HEALTHCHECK CMD curl -f http://localhost/ || exit 1\nCMD ["python", "app.py"]\n'
        ),
        {**PYTHON, "app.py": 'import subprocess\nsubprocess.run(["git", "log"])\n'},
        (
            "FROM python:3.12-slim\nENV PATH=/opt/venv/bin:$PATH\n"
            "RUN apt-get update && apt-get install -y --no-install-recommends curl git && rm -rf /var/lib/apt/lists/*\n"
            "WORKDIR /app\nCOPY --from=builder /opt/venv /opt/venv\nCOPY --from=builder /app /app\n"
            'HEALTHCHECK CMD curl -f http://localhost/ || exit 1\nCMD ["python", "app.py"]\n'
        ),
    ),
    "packages that only the build needs, of a slim image": (
        (
            "FROM python:3.12-slim-bookworm\n"
            "RUN apt-get update && apt-get install -y --no-install-recommends gcc libpq-dev curl\n"
            'WORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD ["python", "app.py"]\n'
        ),
        PYTHON,
        (
            "FROM python:3.12-slim-bookworm\nENV PATH=/opt/venv/bin:$PATH\n"
            "RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 libpq5"
            " && rm -rf /var/lib/apt/lists/*\n"
            "WORKDIR /app\nCOPY --from=builder /opt/venv /opt/venv\nCOPY --from=builder /app /app\n"
            'CMD ["python", "app.py"]\n'
        ),
    ),
    "headers of the interpreter that the image has already": (
        (
            "FROM python:3.12-alpine\nRUN apk add gcc musl-dev python3-dev\nWORKDIR /app\nCOPY . .\n"
            'RUN pip install -r requirements.txt\nCMD ["python", "app.py"]\n'
        ),
        PYTHON,
        (
            "FROM python:3.12-alpine\nENV PATH=/opt/venv/bin:$PATH\nRUN apk add --no-cache libgcc\nWORKDIR /app\n"
            "COPY --from=builder /opt/venv /opt/venv\nCOPY --from=builder /app /app\n"
            'CMD ["python", "app.py"]\n'
        ),
    ),
    "a program that is installed for all": (
        (
            "FROM node:20\nWORKDIR /app\nRUN npm install -g typescript\nRUN npm install -g serve\nCOPY . .\n"
            'RUN npm run build\nCMD ["serve", "dist"]\n'
        ),
        NODE,
        (
            "FROM node:20-slim\nWORKDIR /app\nRUN npm install -g serve\nCOPY --from=builder /app /app\n"
            'CMD ["serve", "dist"]\n'
        ),
    ),
    "what another image brings": (
        (
            "FROM node:20\nCOPY --from=krallin/tini /tini /tini\nWORKDIR /app\nCOPY . .\nRUN npm ci\n"
            'ENTRYPOINT ["/tini", "--"]\nCMD ["node", "main.js"]\n'
        ),
        NODE,
        (
            "FROM node:20-slim\nCOPY --from=krallin/tini /tini /tini\nWORKDIR /app\nCOPY --from=builder /app /app\n"
            'ENTRYPOINT ["/tini", "--"]\nCMD ["node", "main.js"]\n'
        ),
    ),
    "what is deleted again is not there to be copied": (
        (
            "FROM python:3.12\nCOPY requirements.txt /tmp/\n"
            "RUN pip install -r /tmp/requirements.txt && rm /tmp/requirements.txt\n"
            'COPY app.py /srv/app/\nCMD ["python", "/srv/app/app.py"]\n'
        ),
        PYTHON,
        (
            "FROM python:3.12-slim\nENV PATH=/opt/venv/bin:$PATH\nCOPY --from=builder /opt/venv /opt/venv\n"
            'COPY --from=builder /srv/app /srv/app\nCMD ["python", "/srv/app/app.py"]\n'
        ),
    ),
    "programs of the system's folder, one by one": (
        (
            "FROM node:20-alpine\nRUN apk add make\nCOPY bin /bin/\nRUN chmod +x /bin/start\nWORKDIR /app\nCOPY . .\n"
            'RUN npm ci\nCMD ["start"]\n'
        ),
        {**NODE, "bin/start": "#!/bin/sh\nexec node .\n"},
        (
            "FROM node:20-alpine\nWORKDIR /app\nCOPY --from=builder /bin/start /bin/start\n"
            'COPY --from=builder /app /app\nCMD ["start"]\n'
        ),
    ),
    "a script in a folder of the system": (
        'FROM ruby:3.3\nWORKDIR /app\nCOPY . .\nCOPY start.sh /usr/local/bin/\nRUN bundle install\nCMD ["start.sh"]\n',
        {**RUBY, "start.sh": "#!/bin/sh\nexec ruby app.rb\n"},
        (
            "FROM ruby:3.3-slim\nWORKDIR /app\nCOPY --from=builder /usr/local/bundle /usr/local/bundle\n"
            "COPY --from=builder /app /app\nCOPY --from=builder /usr/local/bin/start.sh /usr/local/bin/start.sh\n"
            'CMD ["start.sh"]\n'
        ),
    ),
}


@pytest.mark.parametrize("name", PARTED)
def test_the_stage_that_is_run(name: str) -> None:
    text, files, expected = PARTED[name]
    assert last_stage(parted(text, files)) == expected


@pytest.mark.parametrize(
    ("installs", "files", "closing"),
    [
        ("npm ci", {}, "RUN npm prune --omit=dev\n"),
        ("yarn install", {"yarn.lock": ""}, "RUN yarn install --production --ignore-scripts --prefer-offline\n"),
        ("pnpm install", {"pnpm-lock.yaml": ""}, "RUN CI=true pnpm prune --prod\n"),
        ("pnpm install", {"pnpm-lock.yaml": "", "pnpm-workspace.yaml": ""}, ""),
        ("npm ci --include=dev", {}, ""),
        ("npm ci", {"src/main.ts": 'import ts from "typescript"\n'}, ""),
    ],
)
def test_development_packages_go_where_nothing_loads_them(installs: str, files: Files, closing: str) -> None:
    text = f'FROM node:20\nWORKDIR /app\nCOPY . .\nRUN {installs}\nRUN npm run build\nCMD ["node", "dist/main.js"]\n'
    builder = parted(text, {**NODE, **files}).after.partition("\n# holds")[0]
    assert builder.endswith(f"RUN npm run build\n{closing}")


def test_development_packages_stay_where_compose_starts_one() -> None:
    text = 'FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm ci\nRUN npm run build\nCMD ["node", "dist/main.js"]\n'
    contents = {path: content.encode() for path, content in NODE.items()}
    for words, kept in (("tsc --watch", True), ("node dist/main.js", False)):
        given = Given(contents, starts=(Start("`command` of a service", tuple(words.split())),))
        result = optimize(text, [multi_stage], unsafe=True, context=given)
        assert ("npm prune" not in result.after) == kept


def test_a_program_for_all_is_no_install_of_the_project() -> None:
    text = (
        "FROM node:20-alpine\nWORKDIR /app\nRUN npm i -g pm2\nCOPY . .\nRUN npm ci\nRUN npm run build\n"
        'CMD ["pm2-runtime", "dist/main.js"]\n'
    )
    assert "RUN npm prune --omit=dev\n" in parted(text, NODE).after


def test_an_old_npm_takes_another_option() -> None:
    text = 'FROM node:14\nWORKDIR /app\nCOPY . .\nRUN npm ci\nRUN npm run build\nCMD ["node", "dist/main.js"]\n'
    assert "RUN npm prune --production\n" in parted(text, NODE).after


APP = 'WORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD ["python", "app.py"]\n'


@pytest.mark.parametrize(
    ("text", "files", "why"),
    [
        (f"FROM python:3.12\nRUN ./configure\n{APP}", {}, "`./configure` may write anywhere"),
        (f"FROM python:3.12\nUSER app\n{APP}", {}, "another user than root installs packages"),
        (f"FROM python:3.12\nENV PIP_TARGET=/x\n{APP}", {}, "`PIP_TARGET` says where packages lie"),
        (f"FROM python:2.7\n{APP}", {}, "Python 2 has no environments"),
        (f"FROM python:3.12-custom\n{APP}", {}, "which slim variant `python:3.12-custom` has"),
        (f"FROM python:3.12@sha256:0\n{APP}", {}, "which slim variant"),
        (
            f"FROM python:3.12\nWORKDIR /x\nRUN poetry install\n{APP}",
            {},
            "`pyproject.toml` is not seen where it runs",
        ),
        ('FROM node:20\nCOPY . .\nRUN npm install\nCMD ["npm"]\n', {}, "the root of the file system holds the system"),
        (f"FROM python:3.12\n{APP}", {"requirements.txt": "uwsgi\n"}, "`uwsgi` of `requirements.txt` links libraries"),
        (f"FROM python:3.12\n{APP}", {"requirements.txt": "gdal\n"}, "their names are not known here"),
        (f"FROM python:3.12\n{APP}", {"app.py": "import os\nos.system(x)\n"}, "`app.py` starts a program whose name"),
        (f"FROM python:3.12\nRUN locale-gen de_DE.UTF-8\n{APP}", {}, "locales"),
        (f"FROM python:3.12\nCOPY ca.crt /usr/local/share/ca-certificates/\n{APP}", {"ca.crt": ""}, "certificates"),
        (f"FROM python:3.12\n{APP}RUN ln -s /app/app.py /usr/bin/app\n", {}, "`/usr/bin/app` is a link"),
        (f"FROM python:3.12\n{APP}RUN mkdir /a && ln -s /mnt/x /a/b\n", {}, "`/a/b` leads to `/mnt/x`"),
        ('FROM node:20\nCOPY . /app\nRUN cd /tmp && npm install\nCMD ["npm"]\n', {}, "it writes into `/tmp`"),
        (f"FROM python:3.12\n{APP}", {"run.py": "#!/usr/local/bin/python\n"}, "`run.py` begins with"),
        (f"FROM python:3.12\n{APP}WORKDIR /data\n", {}, "nothing is copied to `/data`"),
        (f"FROM python:3.12\n{APP}CMD pip install -e . && python app.py\n", {}, "installs packages when it starts"),
        (f"FROM python:3.12\nENV PATH=/opt/tools/bin:$PATH\n{APP}", {}, "`PATH` is set"),
        (f"FROM python:3.12\n{APP}RUN chown -R 1:1 /var/lib\n", {}, "the owner of `/var/lib` is set"),
        (f"FROM python:3.12\nRUN chown 1:1 /app\nRUN useradd app\n{APP}", {}, "owners are set before a step"),
        (f"FROM python:3.12\nCOPY a /tmp/a\nRUN rm /tmp/a*\n{APP}", {"a": ""}, "whether `/tmp/a` is still there"),
        (f"FROM python:3.12\nONBUILD RUN x\n{APP}", {}, "`ONBUILD` acts on images"),
        (f"FROM python:3.9.1\n{APP}", {"requirements.txt": "psycopg2\n"}, "on the old system of `python:3.9.1-slim`"),
        (f"FROM python:3.6-slim\nRUN apt-get install -y gcc libpq-dev\n{APP}", {}, "on the old system of"),
        (f"FROM python:3.12\n{APP}", {"run.py": "#!/usr/bin/python3\n"}, "`run.py` begins with"),
    ],
)
def test_a_refusal_names_the_fact_that_is_missing(text: str, files: Files, why: str) -> None:
    result = parted(text, {**PYTHON, **files})
    assert not result.changed
    assert result.refusals == ()
    assert any(why in one.why for one in result.stood_back), result.stood_back


@pytest.mark.parametrize(
    ("text", "files", "installed"),
    [
        (f"FROM python:3.9.21\n{APP}", {"requirements.txt": "psycopg2\n"}, "libpq5"),
        (f"FROM python:3.9.1-bookworm\n{APP}", {"requirements.txt": "psycopg2\n"}, "libpq5"),
        (f"FROM python:3.6\nRUN apt-get install -y ffmpeg\n{APP}", {}, "ffmpeg"),
        (f"FROM python:3.6\n{APP}", {}, ""),
        (f"FROM python:3.12\n{APP}", {"run.py": "#!/usr/bin/python\n"}, ""),
        (f"FROM python:3.12\n{APP}", {"web/page.js": "const cp = require('child_process')\ncp.spawn(x)\n"}, ""),
    ],
)
def test_what_stands_in_no_way(text: str, files: Files, installed: str) -> None:
    stage = last_stage(parted(text, {**PYTHON, **files}))
    assert "COPY --from=builder /app /app\n" in stage
    assert ("apt-get" in stage) == bool(installed)
    assert installed in stage


def test_what_bundler_keeps_for_all_projects_is_not_copied_from_where_it_is_not() -> None:
    text = (
        "FROM ruby:3.3\nRUN bundle config --global frozen 1\nWORKDIR /app\nCOPY . .\nRUN bundle install\nCMD rackup\n"
    )
    assert "/.bundle" not in last_stage(parted(text, RUBY))


def test_a_development_package_that_sources_load_needs_what_it_needs() -> None:
    manifest = '{"scripts": {"build": "prisma generate"}, "devDependencies": {"prisma": "5", "@prisma/client": "5"}}'
    files = {**NODE, "package.json": manifest, "src/main.ts": 'import { PrismaClient } from "@prisma/client"\n'}
    text = 'FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm ci\nRUN npm run build\nCMD ["node", "dist/main.js"]\n'
    assert "install -y --no-install-recommends openssl &&" in last_stage(parted(text, files))
    assert "openssl" not in last_stage(parted(text, {**files, "src/main.ts": ""}))


def test_settings_supply_what_is_missing() -> None:
    text = f"FROM python:3.12\nRUN ./configure\n{APP}"
    files = {**PYTHON, "app.py": "import os\nos.system(x)\n"}
    stage = last_stage(parted(text, files, artefacts="/srv/made", packages="ffmpeg"))
    assert "COPY --from=builder /srv/made /srv/made\n" in stage
    assert "apt-get install -y --no-install-recommends ffmpeg" in stage


@pytest.mark.parametrize(
    ("text", "files"),
    [
        (f"FROM python:3.12-slim\n{APP}", PYTHON),
        ("FROM python:3.12\nCOPY app.py /\nCMD ['x']\n", PYTHON),
        (f"FROM example.org/base\n{APP}", PYTHON),
        ('FROM python:3.12-alpine\nRUN apk add gcc && pip install cffi\nCOPY . .\nCMD ["python"]\n', PYTHON),
    ],
)
def test_what_gains_nothing_is_passed_over_in_silence(text: str, files: Files) -> None:
    result = parted(text, files)
    assert not result.changed
    assert result.stood_back == ()


LIED = (
    'FROM node:20\nWORKDIR /app\nCOPY . .\nCOPY extra /srv/extra\nRUN npm ci\nRUN npm run build\nCMD ["npm", "start"]\n'
)
LIED_FILES = {**NODE, "extra": "", "run.js": "const { spawn } = require('child_process')\nspawn('git')\n"}
SNAKE = f"FROM python:3.12\n{APP}"


def lies(before: str, old: str, new: str, files: Files, true: str = "") -> Result:
    """What becomes of the true conversion (or of what is said to be one) with one text changed."""
    true = true or parted(before, files).after
    assert old in true
    text = true.replace(old, new)

    @transform(Safety.UNSAFE, may_change={"stages", "config", "comments", "layers", "copied"}, leeway={"staging"})
    def lie(facts: Facts) -> Iterator[Proposal | Declined]:
        """Writes the lie over the whole file."""
        instructions = list(facts.tree.instructions)
        if len(facts.stages) == 1:
            yield Proposal(instructions[0], "", {**dict.fromkeys(instructions, ""), instructions[0]: text})

    given = Given({path: content.encode() for path, content in files.items()})
    return optimize(before, [lie], unsafe=True, context=given)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("node:20-slim", "node:18-slim", "`node:18-slim` is no variant"),
        ("node:20-slim", "node:20-alpine", "`node:20-alpine` is no variant"),
        ("COPY --from=builder /srv/extra /srv/extra\n", "", "`/srv/extra` would be left behind"),
        ("COPY --from=builder /app /app\n", "COPY --from=builder /app/dist /app/dist\n", "would be left behind"),
        ("/app /app", "/app /srv", "`/app` would come to another place"),
        ("RUN npm prune --omit=dev\n", "RUN npm prune --omit=dev --omit=optional\n", "the builder would"),
        ("RUN npm prune --omit=dev\n", "RUN rm -rf dist\n", "the builder would"),
        ("-recommends git", "-recommends jq", "`git` would not be there"),
        ("RUN npm run build\n", "", "the builder would"),
    ],
)
def test_a_lie_about_node_is_caught(old: str, new: str, why: str) -> None:
    result = lies(LIED, old, new, LIED_FILES)
    assert not result.changed
    assert any(why in one.why for one in result.refusals), result.refusals


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("ENV PATH=/opt/venv/bin:$PATH\nWORKDIR /app\nCOPY --from", "WORKDIR /app\nCOPY --from", "the variable `PATH`"),
        ("COPY --from=builder /opt/venv /opt/venv\n", "", "the packages would be left behind"),
        ("RUN python -m venv /opt/venv\n", "RUN python -m venv --copies /opt/venv\n", "the builder would"),
        ("bin:$PATH\nWORKDIR /app\nCOPY . .", "bin:$PATH\nENV X=1\nWORKDIR /app\nCOPY . .", "the builder would"),
    ],
)
def test_a_lie_about_python_is_caught(old: str, new: str, why: str) -> None:
    result = lies(SNAKE, old, new, PYTHON)
    assert not result.changed
    assert any(why in one.why for one in result.refusals), result.refusals


def test_packages_that_an_old_system_may_not_have_are_caught() -> None:
    text = f"FROM python:3.9.1\n{APP}"
    run = "RUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*\n"
    result = lies(text, "COPY --from=builder /app", f"{run}COPY --from=builder /app", {**PYTHON, "a.py": ""})
    assert not result.changed
    assert any("`libpq5` may not be had on `python:3.9.1-slim`" in one.why for one in result.refusals), result.refusals


def test_a_mode_that_a_new_folder_has_anyway_is_not_set_again() -> None:
    text = f"FROM python:3.12\n{APP}RUN chmod -R 755 /app && chmod 644 /app/app.py\n"
    assert "chmod" not in last_stage(parted(text, PYTHON))
    assert "chmod" not in last_stage(parted(text.replace("755", "a+rX"), PYTHON))
    other = last_stage(parted(text.replace("755", "777"), PYTHON))
    assert "RUN chmod -R 777 /app && chmod 644 /app/app.py\n" in other  # else app.py would be 777


def test_taking_packages_away_that_the_start_needs_is_caught() -> None:
    files = {**NODE, "package.json": NODE["package.json"].replace("node dist/main.js", "tsc --watch")}
    text = LIED.replace("COPY extra /srv/extra\n", "")
    true = parted(text, files).after
    assert "prune" not in true
    result = lies(text, "RUN npm run build\n", "RUN npm run build\nRUN npm prune --omit=dev\n", files)
    assert any("development packages would go" in one.why for one in result.refusals), result.refusals


def test_the_true_ones_pass() -> None:
    for text, files in ((LIED, LIED_FILES), (SNAKE, PYTHON)):
        result = lies(text, "# holds", "# holds", files)
        assert result.refusals == ()
        assert Facts(parse(result.after)).stages[-1].base in ("node:20-slim", "python:3.12-slim")


@pytest.mark.parametrize(
    ("reference", "slim"),
    [
        ("python", "python:slim"),
        ("python:latest", "python:slim"),
        ("python:3.12", "python:3.12-slim"),
        ("python:3.12-bookworm", "python:3.12-slim-bookworm"),
        ("python:bookworm", "python:slim-bookworm"),
        ("node:20-bookworm", "node:20-bookworm-slim"),
        ("docker.io/library/node:lts", "docker.io/library/node:lts-slim"),
        ("python:3.12-slim", None),
        ("node:20-alpine3.20", None),
        ("python:3.12-rc-buster-x", None),
        ("node:20@sha256:0", None),
    ],
)
def test_the_slim_variant_of_an_image(reference: str, slim: str | None) -> None:
    name = "node" if "node" in reference else "python"
    assert interpreters().by_image[name].slim(reference) == slim
