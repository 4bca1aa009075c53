"""Every check can fail: for each there is a transform that lies, and it is caught and named."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from optimizer.engine import ROUNDS, optimize
from optimizer.facts import Facts
from optimizer.syntax.nodes import Instruction, rewritten, source
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
    from optimizer.syntax.parser import parse

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
    from optimizer.syntax.parser import parse

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
