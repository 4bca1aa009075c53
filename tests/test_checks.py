"""Every check can fail: for each there is a transform that lies, and it is caught and named."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from optimizer.engine import ROUNDS, optimize
from optimizer.facts import Facts
from optimizer.syntax.nodes import Instruction, rewritten, source
from optimizer.syntax.parser import parse
from optimizer.transform import Declined, Proposal, Safety, Transform, transform

FILE = """\
# syntax=docker/dockerfile:1
FROM debian:bookworm-slim AS base
ENV A=1
# fetch the tool
RUN apt-get update && apt-get install -y curl git
COPY --from=tools /bin/tool /usr/bin/tool
WORKDIR /app
RUN cd /srv && make install
RUN ./later.sh
FROM base
RUN apt-get install -y less && rm -rf /var/lib/apt/lists/*
RUN npm ci --omit=dev && npm install left
RUN go build -ldflags "-s -X main.v=$A" -o /app . && gcc -o /tool tool.c && cargo build --release
RUN pip install --no-cache-dir flask && rm -rf /root/.cache/uv
RUN bundle config set --local without 'development test' && bundle install
USER app
CMD ["tool"]
"""

Edit = Callable[[Facts], dict[Instruction, str]]


def lying(
    edit: Edit, *, may_change: tuple[str, ...] = (), leeway: tuple[str, ...] = (), name: str = "lie"
) -> Transform:
    """A transform that makes one edit and promises what it is told to promise."""

    def lie(facts: Facts) -> Iterator[Proposal | Declined]:
        """Lies. Safety: none. Sources: none."""
        edits = edit(facts)
        if edits:
            yield Proposal(next(iter(edits)), "it says so", edits)

    lie.__name__ = name
    return transform(Safety.SAFE, may_change=set(may_change), leeway=set(leeway))(lie)


def replaced(old: str, new: str) -> Edit:
    """An edit that replaces a piece of text in the instruction that holds it."""

    def edit(facts: Facts) -> dict[Instruction, str]:
        found = next((i for i, text in facts.sources.items() if old in text), None)
        return {found: facts.sources[found].replace(old, new)} if found else {}

    return edit


LIES = {
    "an instruction swallows the next": (
        replaced("curl git\n", "curl git \\\n"),
        ("trace", "layers", "copied"),
        (),
        "runs into its neighbour",
    ),
    "an instruction loses its line end": (
        replaced("ENV A=1\n", "ENV A=1"),
        ("config", "comments"),
        (),
        "runs into its neighbour",
    ),
    "a file that BuildKit rejects": (
        replaced("WORKDIR /app", "WORKDRI /app"),
        ("trace", "layers", "config"),
        (),
        "unknown instruction",
    ),
    "a comment goes": (replaced("# fetch the tool\n", ""), (), (), "comments would change"),
    "a comment gets another instruction": (
        replaced("ENV A=1\n", "# fetch the tool\nENV A=1\n"),
        (),
        (),
        "comments would change",
    ),
    "a stage loses its name": (replaced(" AS base", ""), (), (), "stages would change"),
    "a base changes": (replaced("bookworm-slim", "trixie-slim"), (), (), "stages would change"),
    "a variable changes": (replaced("ENV A=1", "ENV A=2"), (), (), "config would change"),
    "a command changes": (replaced('CMD ["tool"]', 'CMD ["tool", "-v"]'), (), (), "config would change"),
    "a user goes": (replaced("USER app\n", ""), (), (), "config would change"),
    "a layer comes": (
        replaced("WORKDIR /app\n", "WORKDIR /app\nWORKDIR /app\n"),
        ("trace",),
        (),
        "layers would change",
    ),
    "a file is copied from elsewhere": (replaced("/bin/tool", "/bin/other"), ("trace",), (), "copied would change"),
    "a package goes": (replaced("curl git", "git"), (), ("flags", "packages"), "instead of"),
    "a package goes that others recommend": (replaced("curl git", "curl"), (), ("flags", "packages"), "`git` would go"),
    "a package comes that nobody recommends": (
        replaced("curl git", "curl git nmap"),
        (),
        ("flags", "packages"),
        "instead of",
    ),
    "an option comes that is no free one": (
        replaced("install -y curl", "install -y -t sid curl"),
        (),
        ("flags",),
        "instead of",
    ),
    "a command leaves its folder": (replaced("cd /srv && make", "make"), (), ("cleanup",), "instead of"),
    "a folder leaks": (replaced("make install\nRUN ./later.sh", "make install && ./later.sh"), ("layers",), (), ""),
    "lists go that a stage needs": (
        replaced("curl git\n", "curl git && rm -rf /var/lib/apt/lists/*\n"),
        (),
        ("cleanup",),
        "other package lists",
    ),
    "an update goes": (replaced("apt-get update && ", ""), (), ("refresh",), "other package lists"),
    "a deletion of something else": (
        replaced("make install", "make install && rm -rf /srv/data"),
        (),
        ("cleanup",),
        "instead of",
    ),
    "an install from a lock file becomes a loose one": (
        replaced("npm ci --omit=dev", "npm install --omit=dev"),
        (),
        ("locked",),
        "`npm ci` would go",
    ),
    "an install that names a package insists on a lock file": (
        replaced("npm install left", "npm ci left"),
        (),
        ("locked",),
        "instead of",
    ),
    "development packages come": (
        replaced("npm ci --omit=dev", "npm ci"),
        (),
        ("production",),
        "`--omit=dev` would go",
    ),
    "another option of an install": (
        replaced("npm ci --omit=dev", "npm ci --omit=dev --ignore-scripts"),
        (),
        ("locked", "production"),
        "instead of",
    ),
    "a setting of Bundler goes": (
        replaced("bundle config set --local without 'development test' && ", ""),
        (),
        ("production",),
        "development test'` would go",
    ),
    "another setting of Bundler comes": (
        replaced("&& bundle install", "&& bundle config set --local path /srv && bundle install"),
        (),
        ("production",),
        "instead of",
    ),
    "a linker flag of the program goes": (
        replaced('-ldflags "-s -X main.v=$A"', '-ldflags "-s -w"'),
        (),
        ("stripped",),
        "instead of",
    ),
    "a linker flag is hidden from the shell": (
        replaced('-ldflags "-s -X main.v=$A"', "-ldflags '-s -w -X main.v=$A'"),
        (),
        ("stripped",),
        "instead of",
    ),
    "symbols come": (
        replaced('-ldflags "-s -X main.v=$A"', '-ldflags "-X main.v=$A"'),
        (),
        ("stripped",),
        "`-s` would go",
    ),
    "a build tag comes": (replaced("go build", "go build -tags x"), (), ("stripped",), "instead of"),
    "a compiler optimises": (replaced("gcc -o", "gcc -O3 -o"), (), ("stripped",), "instead of"),
    "another setting of cargo": (
        replaced("cargo build --release", "CARGO_PROFILE_RELEASE_LTO=fat cargo build --release"),
        (),
        ("stripped",),
        "instead of",
    ),
    "a mount of another kind": (
        replaced("RUN npm ci", "RUN --mount=type=tmpfs,target=/root/.npm npm ci"),
        ("copied",),
        ("caches",),
        "another state",
    ),
    "a cache mount of results": (
        replaced("RUN npm ci", "RUN --mount=type=cache,target=/app/node_modules npm ci"),
        ("copied",),
        ("caches",),
        "another state",
    ),
    "a cache mount of a tool that is not called": (
        replaced("RUN npm ci", "RUN --mount=type=cache,target=/root/.cache/pip npm ci"),
        ("copied",),
        ("caches",),
        "another state",
    ),
    "a cache mount that belongs to another user": (
        replaced("RUN npm ci", "RUN --mount=type=cache,target=/root/.npm,uid=1000 npm ci"),
        ("copied",),
        ("caches",),
        "another state",
    ),
    "a cache mount that is filled from a stage": (
        replaced("RUN npm ci", "RUN --mount=type=cache,target=/root/.npm,from=base npm ci"),
        ("copied",),
        ("caches",),
        "another state",
    ),
    "an option that keeps a cache out of the layer goes without a mount": (
        replaced("pip install --no-cache-dir", "pip install"),
        ("copied",),
        ("caches",),
        "the layer without the cache of pip` would go",
    ),
    "a clean-up goes without a mount": (
        replaced("apt-get install -y less && rm -rf /var/lib/apt/lists/*", "apt-get install -y less"),
        ("copied",),
        ("caches",),
        "the layer without the cache of apt` would go",
    ),
    "a clean-up of a cache that came from elsewhere goes": (
        replaced(" && rm -rf /root/.cache/uv", ""),
        ("copied",),
        ("caches",),
        "instead of `rm -rf`",
    ),
    "lists go into a mount that a later RUN needs": (
        replaced(
            "RUN apt-get update && apt-get install -y curl git",
            "RUN --mount=type=cache,target=/var/lib/apt/lists apt-get update && apt-get install -y curl git",
        ),
        ("copied",),
        ("caches",),
        "other package lists",
    ),
    "a setting of apt goes that is not the one": (
        replaced("RUN pip", "RUN rm -f /etc/apt/apt.conf.d/proxy && pip"),
        ("copied",),
        ("caches",),
        "instead of",
    ),
    "a tidy-up of the user's folder": (
        replaced("./later.sh", "./later.sh && rm -rf /home/app"),
        (),
        ("cleanup",),
        "gain",
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_caught(lie: str) -> None:
    edit, may_change, leeway, message = LIES[lie]
    if lie == "a folder leaks":
        edit = _joined
    result = optimize(FILE, [lying(edit, may_change=may_change, leeway=leeway)])
    assert result.after == FILE
    assert [refusal.transform for refusal in result.refusals] == ["lie"]
    assert message in result.refusals[0].why


META = """\
FROM debian:bookworm-slim AS Base
LABEL a="x y" b=z
MAINTAINER Ann "the cook" <ann@example.org>
ARG V=1
ENV A=1 B=$A
ENV LEGACY one $A two
WORKDIR /srv
WORKDIR app
COPY --from=base /x /x
RUN --mount=from=Base,target=/m apt install -y curl
RUN sudo make install && sudo -u app make check
CMD first
CMD nginx -g "daemon off;"
FROM node:22
USER app
RUN sudo make
ENTRYPOINT run -v
FROM node:22
ENTRYPOINT ["run"]
CMD node "a b"
FROM registry.example/base
CMD node app.js
FROM nginx
CMD nginx -c conf
HEALTHCHECK CMD true
HEALTHCHECK NONE
FROM debian
LABEL org.opencontainers.image.authors=Bob
MAINTAINER Bob
SHELL ["/bin/bash", "-lc"]
CMD node late
"""

META_LIES = {
    "a value loses its blanks": (replaced('"x y"', "x"), (), (), "config would change"),
    "a label is renamed": (replaced("b=z", "c=z"), (), (), "config would change"),
    "a legacy value is cut": (replaced("LEGACY one $A two", "LEGACY=one"), (), (), "config would change"),
    "a variable is quoted away": (replaced("one $A two", "'one $A two'"), (), (), "config would change"),
    "a variable gets a default": (replaced("B=$A", "B=${A:-1}"), (), (), "config would change"),
    "a variable is cut": (replaced("B=$A", "B=${A#q}"), (), (), "config would change"),
    "a name sees a later value": (replaced("ENV A=1 B=$A", "ENV A=1\nENV B=$A"), (), (), "config would change"),
    "a build argument gets another value": (replaced("ARG V=1", "ARG V=2"), (), (), "config would change"),
    "an author without leave": (
        replaced("MAINTAINER Bob", "LABEL maintainer=Bob"),
        ("comments",),
        (),
        "config would change",
    ),
    "an author is changed": (
        replaced('MAINTAINER Ann "the cook" <ann@example.org>', 'LABEL org.opencontainers.image.authors="Ann"'),
        (),
        ("author",),
        "config would change",
    ),
    "an author's quotes go": (
        replaced(
            'MAINTAINER Ann "the cook" <ann@example.org>',
            'LABEL org.opencontainers.image.authors="Ann the cook <ann@example.org>"',
        ),
        (),
        ("author",),
        "config would change",
    ),
    "an author beats a label": (
        replaced("MAINTAINER Bob", "LABEL org.opencontainers.image.authors=Bob"),
        (),
        ("author",),
        "config would change",
    ),
    "a stage is renamed": (replaced("AS Base", "AS bass"), (), ("case",), "stages would change"),
    "a stage's case without leave": (replaced("AS Base", "AS base"), (), (), "stages would change"),
    "a mount is renamed": (replaced("from=Base,", "from=tools,"), (), ("case",), "copied would change"),
    "a mount's target changes its case": (replaced("target=/m", "target=/M"), (), ("case",), "copied would change"),
    "a form without leave": (replaced("CMD first", 'CMD ["first"]'), (), (), "config would change"),
    "a word is split": (
        replaced('CMD nginx -g "daemon off;"', 'CMD ["nginx", "-g", "daemon", "off;"]'),
        (),
        ("exec",),
        "config would change",
    ),
    "an entrypoint sees the form of CMD": (
        replaced('CMD node "a b"', 'CMD ["node", "a b"]'),
        (),
        ("exec",),
        "config would change",
    ),
    "an entrypoint of the base does more for the program": (
        replaced("CMD nginx -c conf", 'CMD ["nginx", "-c", "conf"]'),
        (),
        ("exec",),
        "config would change",
    ),
    "a base that is not known may have an entrypoint": (
        replaced("CMD node app.js", 'CMD ["node", "app.js"]'),
        (),
        ("exec",),
        "config would change",
    ),
    "a login shell": (replaced("CMD node late", 'CMD ["node", "late"]'), (), ("exec",), "config would change"),
    "a command in force goes": (replaced('CMD nginx -g "daemon off;"\n', ""), (), ("dead",), "config would change"),
    "a dead command without leave": (replaced("CMD first\n", ""), (), (), "config would change"),
    "a check comes to life": (replaced("HEALTHCHECK NONE\n", ""), (), ("dead",), "config would change"),
    "sudo where the user is no root": (replaced("RUN sudo make\n", "RUN make\n"), (), ("sudo",), "instead of"),
    "sudo that changes the user": (replaced("sudo -u app make", "make"), (), ("sudo",), "instead of"),
    "sudo and a word more": (replaced("sudo make install", "make"), (), ("sudo",), "instead of"),
    "sudo comes without leave": (replaced("sudo make install", "make install"), (), (), "instead of"),
    "apt without leave": (replaced("apt install", "apt-get install"), (), (), "instead of"),
    "apt with another verb": (replaced("apt install -y curl", "apt-get remove -y curl"), (), ("apt",), "instead of"),
    "a folder is another": (replaced("WORKDIR app", "WORKDIR /app"), (), (), "instead of"),
    "a copy is renamed": (replaced("from=base /x", "from=tools /x"), (), ("case",), "copied would change"),
}


@pytest.mark.parametrize("lie", META_LIES)
def test_a_lie_about_the_configuration_is_caught(lie: str) -> None:
    edit, may_change, leeway, message = META_LIES[lie]
    result = optimize(META, [lying(edit, may_change=may_change, leeway=leeway)])
    assert result.after == META
    assert [refusal.transform for refusal in result.refusals] == ["lie"]
    assert message in result.refusals[0].why


META_TRUTHS = {
    "quotes": (replaced("b=z", 'b="z"'), ()),
    "single quotes": (replaced('a="x y"', "a='x y'"), ()),
    "an escape": (replaced('a="x y"', "a=x\\ y"), ()),
    "legacy form": (replaced("LEGACY one $A two", 'LEGACY="one ${A} two"'), ()),
    "pairs of their own": (replaced('a="x y" b=z', 'a="x y"\nLABEL b=z'), ()),
    "an author": (
        replaced(
            'MAINTAINER Ann "the cook" <ann@example.org>',
            "LABEL org.opencontainers.image.authors='Ann \"the cook\" <ann@example.org>'",
        ),
        ("author",),
    ),
    "a stage's case": (replaced("AS Base", "AS base"), ("case",)),
    "a mount's case": (replaced("from=Base", "from=base"), ("case",)),
    "plain words": (replaced('CMD nginx -g "daemon off;"', 'CMD ["nginx", "-g", "daemon off;"]'), ("exec",)),
    "an entrypoint alone": (replaced("ENTRYPOINT run -v", 'ENTRYPOINT ["run", "-v"]'), ("exec",)),
    "a dead command": (replaced("CMD first\n", ""), ("dead",)),
    "a dead check": (replaced("HEALTHCHECK CMD true\n", ""), ("dead",)),
    "sudo": (replaced("sudo make install", "make install"), ("sudo",)),
    "apt": (replaced("apt install", "apt-get install"), ("apt",)),
    "a folder": (replaced("WORKDIR app", "WORKDIR /srv/app"), ()),
}


@pytest.mark.parametrize("truth", META_TRUTHS)
def test_what_means_the_same_passes(truth: str) -> None:
    edit, leeway = META_TRUTHS[truth]
    before = Facts(parse(META))
    (change,) = edit(before).items()
    result = optimize(META, [lying(_once(edit), leeway=leeway)])
    assert result.refusals == ()
    assert result.after == META.replace(before.sources[change[0]], change[1])


def _once(edit: Edit) -> Edit:
    return lambda facts: edit(facts) if facts.text == META else {}


def _joined(facts: Facts) -> dict[Instruction, str]:
    """`RUN cd /srv && make install` and the RUN behind it in one: the second would run in /srv."""
    runs = [run for run in facts.runs if "make install" in source(run) or "later" in source(run)]
    if len(runs) < 2:
        return {}
    first, second = runs
    return {first: "", second: source(first).rstrip("\n") + " && ./later.sh\n"}


def test_what_is_promised_may_differ() -> None:
    """The same edits pass where the promise names them: the checks are no mere wall."""
    kept = lying(replaced("bookworm-slim", "trixie-slim"), may_change=("stages",))
    assert "trixie" in optimize(FILE, [kept]).after
    flags = lying(replaced("install -y curl", "install -y --no-install-recommends curl"), leeway=("flags",))
    assert "--no-install-recommends" in optimize(FILE, [flags]).after


def test_the_others_go_on_after_a_refusal() -> None:
    lies = lying(replaced("curl git", "curl"))
    honest = lying(
        replaced("install -y curl", "install -y --no-install-recommends curl"), leeway=("flags",), name="truth"
    )
    result = optimize(FILE, [lies, honest])
    assert len(result.refusals) == 1
    assert len(result.changes) == 1
    assert "--no-install-recommends curl git" in result.after


def test_one_bad_proposal_does_not_take_a_good_one_with_it() -> None:
    def mixed(facts: Facts) -> Iterator[Proposal | Declined]:
        """Two proposals. Safety: none. Sources: none."""
        for run in facts.runs:
            if "curl git" in source(run):
                yield Proposal(run, "loses a package", {run: source(run).replace("curl git", "curl")})
            if "install -y less" in source(run):
                yield Proposal(run, "is fine", {run: source(run).replace("-y less", "-y --no-install-recommends less")})

    result = optimize(FILE, [transform(Safety.SAFE, may_change=set(), leeway={"flags"})(mixed)])
    assert [change.why for change in result.changes] == ["is fine"]
    assert [refusal.line for refusal in result.refusals] == [5]


def test_a_transform_that_never_ends_is_stopped() -> None:
    def growing(facts: Facts) -> Iterator[Proposal | Declined]:
        """Grows. Safety: none. Sources: none."""
        run = next(facts.runs)
        yield Proposal(run, "more", {run: source(run).replace("install", "install -y", 1)})

    result = optimize(FILE, [transform(Safety.SAFE, may_change=set(), leeway={"flags"})(growing)])
    assert len(result.changes) == ROUNDS
    assert "still asks" in result.refusals[0].why


def test_a_text_that_comes_back_is_refused() -> None:
    def swinging(facts: Facts) -> Iterator[Proposal | Declined]:
        """Goes to and fro. Safety: none. Sources: none."""
        run = next(facts.runs)
        old, new = ("-y curl", "curl") if "-y curl" in source(run) else ("curl", "-y curl")
        yield Proposal(run, f"{old} to {new}", {run: source(run).replace(old, new)})

    result = optimize(FILE, [transform(Safety.SAFE, may_change=set(), leeway={"flags"})(swinging)])
    assert len(result.changes) == 1
    assert "earlier text" in result.refusals[0].why


def test_edits_of_one_proposal_must_not_overlap() -> None:
    def twice(facts: Facts) -> Iterator[Proposal | Declined]:
        """Edits a node and a part of it. Safety: none. Sources: none."""
        run = next(facts.runs)
        yield Proposal(run, "both", {run: source(run) + "\n", run.keyword: "run"})

    assert "overlap" in optimize(FILE, [transform(Safety.SAFE, may_change=set())(twice)]).refusals[0].why


def test_the_independent_reader_can_veto(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library is asked: where it reads the result otherwise than we do, the step is refused."""
    from optimizer import checks

    real = checks._by_library

    def reads_wrongly(text: str) -> list[tuple[str, int, int]] | None:
        return real(text) if "trixie" not in text else [("FROM", 0, 0)]

    monkeypatch.setattr(checks, "_by_library", reads_wrongly)
    kept = lying(replaced("bookworm-slim", "trixie-slim"), may_change=("stages",))
    assert "independent reader" in optimize(FILE, [kept]).refusals[0].why


def test_the_independent_reader_reads_as_we_do() -> None:
    from optimizer import checks

    facts = Facts(parse(FILE))
    assert checks._by_library(FILE) == checks._ours(facts)


def test_deletions_move_only_over_what_touches_nothing_of_theirs() -> None:
    text = "FROM debian:bookworm-slim\nRUN wget -O /tmp/a.tgz https://example.org/a.tgz\nRUN {}\nRUN rm /tmp/a.tgz\n"

    def early(facts: Facts) -> Iterator[Proposal | Declined]:
        """Moves the deletion up. Safety: none. Sources: none."""
        runs = list(facts.runs)
        if len(runs) == 3:
            yield Proposal(runs[2], "up", {runs[0]: source(runs[0]).rstrip() + " && rm /tmp/a.tgz\n", runs[2]: ""})

    moving = transform(Safety.SAFE, may_change={"layers"}, leeway={"order"})(early)
    assert optimize(text.format("useradd app"), [moving]).changed
    for needs in ("tar -xf /tmp/a.tgz", "./build.sh", "cp -r /tmp /backup", "tar -xf $FILE", "cat a.tgz"):
        assert optimize(text.format(needs), [moving]).refusals, needs


def test_rewritten_gives_the_same_text_where_nothing_is_edited() -> None:
    assert rewritten(parse(FILE), {}) == FILE


OWNED = """\
FROM python:3.12-slim
COPY early /early
RUN useradd app
WORKDIR /app
COPY one.sh /usr/local/bin/one.sh
COPY two.sh /usr/local/bin/two.sh
COPY . .
COPY deep /srv/a/b/c.sh
{between}# they start it
RUN chown -R app /app && chmod 750 /usr/local/bin/one.sh && chown -R 1000:1000 /srv/a/b/c.sh
CMD ["/srv/a/b/c.sh"]
"""
CHOWN, CHMOD, DEEP = (
    "chown -R app /app && ",
    " && chmod 750 /usr/local/bin/one.sh",
    " && chown -R 1000:1000 /srv/a/b/c.sh",
)


def swapped(*pairs: tuple[str, str], between: str = "") -> tuple[str, str]:
    """The file before and after some replacements."""
    old = new = OWNED.format(between=between)
    for one, other in pairs:
        assert one in new
        new = new.replace(one, other, 1)
    return old, new


OWNERSHIP_LIES = {
    "another path": (swapped((CHMOD, ""), ("COPY two.sh", "COPY --chmod=750 two.sh")), "`/usr/local/bin/"),
    "another mode": (swapped((CHMOD, ""), ("COPY one.sh", "COPY --chmod=755 one.sh")), "`/usr/local/bin/one.sh`"),
    "no flag": (swapped((CHMOD, "")), "`/usr/local/bin/one.sh`"),
    "another user": (
        swapped((CHOWN, "chown app /app && "), ("COPY . .", "COPY --chown=www-data:0 . .")),
        "`COPY 4 to /app`",
    ),
    "the user's group comes": (
        swapped((CHOWN, "chown app /app && "), ("COPY . .", "COPY --chown=app . .")),
        "`COPY 4 to /app`",
    ),
    "-R goes": (swapped((CHOWN, "chown app /app && ")), "`COPY 4 to /app`"),
    "the folder of WORKDIR is forgotten": (swapped((CHOWN, ""), ("COPY . .", "COPY --chown=app:0 . .")), "`/app`"),
    "a folder that COPY makes gets the owner": (
        swapped((DEEP, ""), ("COPY deep", "COPY --chown=1000:1000 deep")),
        "`/srv/a`",
    ),
    "a user that does not exist yet": (
        swapped(("COPY early", "COPY --chown=app:0 early"), ("chown -R app /app", "chown -R app /app /early")),
        "/early",
    ),
    "over a step that looks at it": (
        swapped((CHMOD, ""), ("COPY one.sh", "COPY --chmod=750 one.sh"), between="RUN ./check.sh\n"),
        "for `./check.sh`",
    ),
    "over a step that may change the accounts": (
        swapped(
            (CHOWN, "chown app /app && "),
            ("COPY . .", "COPY --chown=app:0 . ."),
            between="RUN usermod -u 1234 app\n",
        ),
        "another owner",
    ),
    "a comment goes": (swapped(("# they start it\n", "")), "comments would change"),
    "a copied file changes": (
        swapped(("COPY one.sh", "COPY --chmod=750 three.sh"), (CHMOD, "")),
        "copied would change",
    ),
}


@pytest.mark.parametrize("lie", OWNERSHIP_LIES)
def test_a_lie_about_owner_or_mode_is_caught(lie: str) -> None:
    (old, new), message = OWNERSHIP_LIES[lie]
    result = optimize(old, [rewriting(old, new)])
    assert (result.after, len(result.refusals)) == (old, 1)
    assert message in result.refusals[0].why


def rewriting(old: str, new: str) -> Transform:
    """A transform that gives the file another text, line by line, within the leeway for owners and modes."""

    def lie(facts: Facts) -> Iterator[Proposal | Declined]:
        """Lies. Safety: none. Sources: none."""
        texts = dict(zip(old.split("\n"), new.split("\n"), strict=False)) if old.count("\n") == new.count("\n") else {}
        edits = {}
        for instruction, text in facts.sources.items():
            lines = [texts.get(line, line) if texts else line for line in text.split("\n")]
            if not texts and text not in new:
                lines = [line for line in text.split("\n") if line in new]
            if "\n".join(lines) != text:
                edits[instruction] = "\n".join(lines)
        if edits:
            yield Proposal(next(iter(edits)), "it says so", edits)

    return transform(Safety.SAFE, may_change={"layers"}, leeway={"ownership"})(lie)


def test_the_truth_about_owner_and_mode_passes() -> None:
    old, new = swapped(
        (CHOWN, "chown app /app && "),
        (CHMOD, ""),
        ("COPY . .", "COPY --chown=app:0 . ."),
        ("COPY one.sh", "COPY --chmod=750 one.sh"),
    )
    assert optimize(old, [rewriting(old, new)]).after == new


PASSING = """\
FROM debian:bookworm-slim
COPY a.tgz /tmp/
COPY b.tgz /tmp/
RUN mkdir /x && tar -xzf /tmp/b.tgz -C /x && rm /tmp/b.tgz && ldconfig
"""
MOUNTED = "RUN --mount=type=bind,source=b.tgz,target=/tmp/b.tgz mkdir /x && tar -xzf /tmp/b.tgz -C /x && ldconfig\n"


def mounting(text: str, run: str) -> str:
    """Why the COPY of b.tgz may not go for that RUN; empty where it may."""

    def lie(facts: Facts) -> Iterator[Proposal | Declined]:
        """Mounts. Safety: none. Sources: none."""
        copies = [i for i in facts.tree.instructions if "b.tgz" in source(i) and i.name == "COPY"]
        if copies:
            yield Proposal(copies[0], "mounted", {copies[0]: "", list(facts.runs)[-1]: run})

    result = optimize(text, [transform(Safety.SAFE, may_change={"layers", "copied"}, leeway={"mount"})(lie)])
    assert result.changed or result.refusals
    return "".join(one.why for one in result.refusals)


def test_a_file_that_passes_through_may_be_mounted() -> None:
    assert mounting(PASSING, MOUNTED) == ""
    for wrong in (
        MOUNTED.replace("source=b", "source=a"),
        MOUNTED.replace("target=/tmp", "target=/srv"),
        MOUNTED.replace("type=bind", "type=cache"),
        MOUNTED.replace("source=b.tgz", "source=b.tgz,rw"),
        MOUNTED.replace("source=b.tgz", "from=x,source=b.tgz"),
        MOUNTED.replace(" && ldconfig", ""),
        MOUNTED.replace("-xzf", "-xf"),
        MOUNTED.replace("--mount=type=bind,source=b.tgz,target=/tmp/b.tgz ", ""),
    ):
        assert mounting(PASSING, wrong), wrong


@pytest.mark.parametrize(
    "command",
    [
        "chown -R app /tmp",
        "chmod 600 /tmp/b.tgz",
        "./build.sh",
        "rm -rf /tmp/*",
        "rm -rf $X",
        "echo x >> /tmp/b.tgz",
        "touch /tmp/b.tgz",
        "cd /tmp && chown app *",
    ],
)
def test_a_file_that_a_command_may_write_may_not_be_mounted(command: str) -> None:
    assert mounting(PASSING.replace("ldconfig", command), MOUNTED.replace("ldconfig", command))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (" && rm /tmp/b.tgz", ""),
        ("COPY b.tgz /tmp/\n", "COPY b.tgz /tmp/\nRUN ls\n"),
        ("COPY b.tgz /tmp/\n", "COPY b.tgz /tmp/\nUSER app\n"),
        ("COPY b", "COPY --chown=1 b"),
        ("COPY b.tgz", "COPY b.tgz c.tgz"),
        ("rm /tmp/b.tgz", "rm /srv/b.tgz"),
        ("COPY b.tgz /tmp/", "COPY b /tmp/b.tgz"),
        ("rm /tmp/b.tgz", "{ rm /tmp/b.tgz; }"),
    ],
)
def test_a_file_that_more_than_the_next_run_sees_may_not_be_mounted(old: str, new: str) -> None:
    assert mounting(PASSING.replace(old, new), MOUNTED)


BUILT = """\
FROM python:3.12-slim-bookworm
RUN apt-get update && apt-get install -y gcc libpq-dev git && pip install psycopg2 && rm -rf /tmp/work
{}
CMD ["python"]
"""
PURGE = " && apt-get purge -y --auto-remove gcc libpq-dev"
REMOVALS = {
    "before the build": ("USER app", "git && pip", f"git{PURGE} && pip", "instead of"),
    "of what is not for building": ("USER app", "&& rm -rf", "&& apt-get purge -y git && rm -rf", "instead of"),
    "of what another RUN installed": ("USER app", "&& rm -rf", "&& apt-get purge -y make && rm -rf", "instead of"),
    "though a later RUN builds": ("RUN pip install lxml", "&& rm -rf", f"{PURGE[1:]} && rm -rf", "instead of"),
    "with a package that is no library of these": (
        "USER app",
        "libpq-dev git",
        "libpq-dev git libssl3",
        "instead of",
    ),
    "with a package lost": ("USER app", "libpq-dev git", "libpq-dev", "instead of"),
    "and the build with it": ("USER app", "pip install psycopg2 && ", "", "instead of"),
}


@pytest.mark.parametrize("lie", REMOVALS)
def test_a_wrong_removal_of_build_packages_is_caught(lie: str) -> None:
    later, old, new, message = REMOVALS[lie]
    text = BUILT.format(later)
    result = optimize(text, [lying(replaced(old, new), leeway=("build-packages",))])
    assert result.after == text
    assert message in result.refusals[0].why


def test_a_removal_of_build_packages_at_the_end_passes_and_does_not_go_again() -> None:
    text = BUILT.format("USER app")
    honest = lying(replaced("&& rm -rf", f"{PURGE[1:]} && rm -rf"), leeway=("build-packages",))
    after = optimize(text, [honest]).after
    assert PURGE in after
    back = lying(replaced(PURGE, ""), leeway=("build-packages",))
    assert "the removal of gcc libpq-dev` would go" in optimize(after, [back]).refusals[0].why


TREE = "FROM debian\nRUN git clone https://example.org/t /usr/src/t && make -C /usr/src/t install\n"


@pytest.mark.parametrize(
    ("before", "after", "caught"),
    [
        ("install\n", "install && rm -rf /usr/src/t\n", False),
        ("install\n", "install && rm -rf /usr/src/other\n", True),
        ("install\n", "install && rm -rf /usr/local/bin/t\n", True),
        ("install\n", "install && rm -rf /usr/src\n", True),
        ("install\n", "install && rm -rf $TREE\n", True),
        ("install\n", "install && touch /usr/src/t\n", True),
        (" && make -C /usr/src/t install\n", "\n", True),
    ],
)
def test_only_what_a_run_made_is_deleted_behind_it(before: str, after: str, *, caught: bool) -> None:
    result = optimize(TREE, [lying(replaced(before, after), leeway=("trees",))])
    assert bool(result.refusals) == caught


def test_a_tree_that_something_names_is_not_deleted() -> None:
    for line in ("CMD /usr/src/t/run\n", "WORKDIR /usr/src/t\n", "FROM debian\nCOPY --from=0 /usr/src/t/x /x\n"):
        made = lying(replaced("install\n", "install && rm -rf /usr/src/t\n"), leeway=("trees",))
        assert optimize(TREE + line, [made]).refusals
