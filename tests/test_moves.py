"""A COPY sinks only where nothing misses its files: for each way of lying about it, a transform that is caught."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from optimizer.engine import Result, optimize
from optimizer.facts import Facts
from optimizer.facts.context import Given
from optimizer.transform import Declined, Proposal, Safety, transform

FILES = {"package.json": "{}", "package-lock.json": "{}", "index.js": "", "sub/index.js": ""}
HEAD = "FROM node:22-slim\nWORKDIR /app\n"


def rewritten(
    before: str, after: str, files: Mapping[str, str] = FILES, leeway: tuple[str, ...] = ("manifests",)
) -> Result:
    """What the engine makes of a transform that puts the second text in the place of the first, behind the head."""

    def lie(facts: Facts) -> Iterator[Proposal | Declined]:
        """Lies. Safety: none. Sources: none."""
        steps = facts.stages[0].instructions[1:]
        if facts.text == HEAD + before:
            yield Proposal(steps[0], "it says so", {steps[0]: after, **dict.fromkeys(steps[1:], "")})

    made = transform(Safety.SAFE, may_change={"layers", "copied", "config"}, leeway=set(leeway))(lie)
    context = Given({path: text.encode() for path, text in files.items()})
    return optimize(HEAD + before, [made], context=context)


def refusal(before: str, after: str, files: Mapping[str, str] = FILES) -> str:
    result = rewritten(before, after, files)
    assert (result.after, len(result.refusals)) == (HEAD + before, 1)
    return result.refusals[0].why


ALL = "COPY . .\n"
MANIFESTS = "COPY package.json package-lock.json ./\n"


def test_an_honest_move_is_made() -> None:
    result = rewritten(
        ALL + "RUN npm ci\nRUN npm run build\n", MANIFESTS + "RUN npm ci\n" + ALL + "RUN npm run build\n"
    )
    assert result.changed
    assert not result.refusals


@pytest.mark.parametrize(
    ("after", "why"),
    [
        ("RUN npm ci\n" + ALL, "would not be there"),
        ("COPY package.json ./\nRUN npm ci\n" + ALL, "`/app/package-lock.json` would not be there"),
        ("COPY package.json package-lock.json /srv/\nRUN npm ci\n" + ALL, "would not be there"),
        ("COPY --chown=1000 package.json package-lock.json ./\nRUN npm ci\n" + ALL, "no later COPY takes the same"),
        (MANIFESTS + "COPY --from=tools /x /usr/bin/\nRUN npm ci\n" + ALL, "no later COPY takes the same"),
        (MANIFESTS + "RUN npm ci\n", "would go"),
        (MANIFESTS + "RUN npm ci\nCOPY sub .\n", "would go"),
        (MANIFESTS + "RUN npm ci --omit=dev\n" + ALL, "would go"),
    ],
)
def test_a_lie_about_an_install_is_caught(after: str, why: str) -> None:
    assert why in refusal(ALL + "RUN npm ci\n", after)


def test_a_copy_does_not_sink_below_a_command_that_may_read_it() -> None:
    for command in ("npm run build", "./setup.sh", "ls sub", "chmod +x index.js", "cp -r . /srv"):
        assert "may need what" in refusal(ALL + f"RUN {command}\n", MANIFESTS + f"RUN {command}\n" + ALL)


def test_a_copy_does_not_sink_below_one_to_the_same_place() -> None:
    assert "may need what" in refusal(ALL + "COPY sub/index.js ./\n", "COPY sub/index.js ./\n" + ALL)


def test_the_new_copy_does_not_come_earlier_than_the_old_one() -> None:
    before = "RUN echo {} > package.json\n" + ALL + "RUN npm ci\n"
    after = MANIFESTS + "RUN echo {} > package.json\nRUN npm ci\n" + ALL
    assert refusal(before, after)


WORKSPACES = {**FILES, "package.json": '{"workspaces": ["sub"]}', "sub/package.json": "{}"}
DEEP = MANIFESTS + "COPY sub/package.json ./sub/\n"


def test_a_user_who_is_not_root_may_not_find_folders_that_an_early_copy_made() -> None:
    files = WORKSPACES
    assert "be allowed to write" in refusal(
        "USER node\n" + ALL + "RUN npm ci\n", f"USER node\n{DEEP}RUN npm ci\n{ALL}", files
    )
    owned = ALL.replace("COPY", "COPY --chown=node"), DEEP.replace("COPY", "COPY --chown=node")
    before, after = f"USER node\n{owned[0]}RUN npm ci\n", f"USER node\n{owned[1]}RUN npm ci\n{owned[0]}"
    assert rewritten(before, after, files).changed
    assert rewritten(ALL + "RUN npm ci\n", f"{DEEP}RUN npm ci\n{ALL}", files).changed


def test_manifests_that_lie_there_already_will_do_if_nothing_changed_them() -> None:
    assert rewritten(MANIFESTS + ALL + "RUN npm ci\n", MANIFESTS + "RUN npm ci\n" + ALL).changed
    edited = MANIFESTS + "RUN echo {} > package.json\n"
    assert "would not be there" in refusal(edited + ALL + "RUN npm ci\n", edited + "RUN npm ci\n" + ALL)


def test_what_an_install_writes_is_not_covered() -> None:
    files = {**FILES, "node_modules/left/index.js": ""}
    assert "lie over what" in refusal(ALL + "RUN npm ci\n", MANIFESTS + "RUN npm ci\n" + ALL, files)


def test_a_lock_file_that_may_be_written_is_not_undone() -> None:
    before, after = ALL + "RUN npm install\n", MANIFESTS + "RUN npm install\n" + ALL
    assert "into its lock file" in refusal(before, after)
    assert rewritten(before, after, leeway=("manifests", "unlocked")).changed


def test_steps_other_than_copies_of_the_context_keep_their_order() -> None:
    assert "would run later" in refusal("RUN mkdir /a\nRUN mkdir /b\n", "RUN mkdir /b\nRUN mkdir /a\n")
    assert "would run later" in refusal("COPY --from=x /a /a\nRUN mkdir /b\n", "RUN mkdir /b\nCOPY --from=x /a /a\n")


def test_an_install_whose_manifest_names_the_sources_is_not_passed() -> None:
    files = {**FILES, "package.json": '{"scripts": {"postinstall": "node index.js"}}'}
    assert "may need what" in refusal(ALL + "RUN npm ci\n", MANIFESTS + "RUN npm ci\n" + ALL, files)


def test_a_variable_of_the_copy_is_in_force_below_it_too() -> None:
    before = "ENV D=/app\nCOPY . $D\nENV D=/srv\nRUN npm ci\n"
    assert refusal(before, "ENV D=/app\nCOPY package.json package-lock.json $D\nENV D=/srv\nRUN npm ci\nCOPY . $D\n")


def swapped(before: str, after: str) -> str | None:
    """Why a swap is refused; None where it is made."""
    result = rewritten(before, after, leeway=("swaps",))
    assert result.changed == (not result.refusals)
    return result.refusals[0].why if result.refusals else None


APT = "RUN apt-get update && apt-get install -y curl\n"


def test_steps_that_have_nothing_to_do_with_each_other_change_places() -> None:
    for one in (
        "COPY index.js ./\n",
        "COPY --from=tools /x /srv/x\n",
        "RUN mkdir /data\n",
        "ADD https://a.example/x /x\n",
    ):
        assert swapped(one + APT, APT + one) is None


def test_a_row_of_steps_is_judged_pair_by_pair() -> None:
    copy, build = "COPY . .\n", "RUN npm run build\n"
    assert swapped(copy + build + APT, APT + copy + build) is None
    assert "may compile with" in (swapped(copy + APT + build, copy + build + APT) or "")
    assert "would run before" in (swapped(copy + build + APT, APT + build + copy) or "")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("COPY index.js ./\n", "RUN node index.js\n"),
        ("COPY index.js ./\n", "RUN for one in *.js; do node --check $one; done\n"),
        ("COPY fix.patch /tmp/\n", "RUN git apply /tmp/fix.patch\n"),
        ("COPY qemu-arm-static /usr/bin/\n", APT),
        ("RUN ln -sf bash /bin/sh\n", "RUN mkdir /data\n"),
        ("COPY --from=busybox /bin/sh /bin/sh\n", "RUN mkdir /data\n"),
        ("COPY a.list /etc/apt/sources.list.d/\n", APT),
        ("COPY policy-rc.d /usr/sbin/policy-rc.d\n", APT),
        ("COPY .netrc /root/\n", "RUN pip install flask\n"),
        ("COPY sub /data\n", "COPY index.js /data/\n"),
        ("RUN useradd app\n", "COPY --chown=app index.js ./\n"),
        ("RUN unheard-of\n", "COPY index.js ./\n"),
        (APT, "RUN rm -rf /var/lib/apt/lists/*\n"),
        (APT, "RUN apt-get install -y git\n"),
        ("ENV A=1\n", "COPY $A ./\n"),
        ("ENV A=1\n", APT),
        ("USER node\n", "RUN mkdir /tmp/x\n"),
        ("WORKDIR /srv\n", "COPY index.js ./\n"),
        ("VOLUME /data\n", "RUN mkdir /data/x\n"),
        ("VOLUME /data\n", "COPY index.js /data/\n"),
        ('SHELL ["/bin/bash", "-c"]\n', "RUN mkdir /data\n"),
    ],
)
def test_a_lie_about_a_swap_is_caught(one: str, other: str) -> None:
    assert swapped(one + other, other + one)


def test_packages_may_come_out_of_a_folder() -> None:
    source = "RUN echo 'deb [trusted=yes] file:/srv/repo ./' > /etc/apt/sources.list.d/local.list\n"
    copy = "COPY sub/ /srv/repo/\n"
    assert "reads /srv/repo" in (swapped(source + copy + APT, source + APT + copy) or "")


def test_nothing_comes_or_goes_with_a_swap() -> None:
    copy = "COPY index.js ./\n"
    assert "would go" in (swapped(copy + APT, APT) or "")
    assert "would come" in (swapped(copy + APT, APT + copy + copy) or "")
    assert swapped(copy + APT, APT + "COPY sub ./\n")
    assert "come or go" in (swapped(copy + APT, APT + copy + "VOLUME /data\n") or "")
