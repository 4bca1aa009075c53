"""Allowances, noise and layers: what is declared passes, all else is named; tables are read strictly."""

import io
from collections.abc import Mapping

import pytest

from optimizer.cli.image import REMEDIES
from optimizer.prove.allowances import Allowance, Problem, Verdict, judge
from optimizer.prove.archive import read_image
from optimizer.prove.compare import Difference, compare
from optimizer.prove.errors import TableError
from optimizer.prove.globs import matches
from optimizer.prove.layers import DELETED, REPLACED, TOUCHED, analyze
from optimizer.prove.noise import Noise, load_noise, measure, parse_noise
from optimizer.prove.remedies import Group, groups

from .archives import Member, docker_archive, elf, folder, layer, link, shot

LISTS = (
    folder("var/lib/apt/lists"),
    Member("var/lib/apt/lists/a_Packages", b"x"),
    Member("var/lib/apt/lists/partial/b"),
)
CLEANED = compare(shot(layer(*LISTS, Member("app"))), shot(layer(folder("var/lib/apt/lists"), Member("app"))))
CLEAN = Allowance(may_remove=("/var/lib/apt/lists/**",))


def verdict(difference: Difference, **allowances: Allowance) -> Verdict:
    return judge(difference, allowances)


@pytest.mark.parametrize(
    ("glob", "path", "expected"),
    [
        ("/a/**", "/a/b/c", True),
        ("/a/**", "/a", False),
        ("/a/**", "/ab", False),
        ("/a/*", "/a/b", True),
        ("/a/*", "/a/b/c", False),
        ("/**/b", "/b", True),
        ("/**/b", "/x/y/b", True),
        ("/**/b/*.pyc", "/x/b/y.pyc", True),
        ("/a/?.[ch]", "/a/x.h", True),
        ("/a/[!a]", "/a/a", False),
        ("/a.b", "/aXb", False),
        ("/a/*", "/a/\n", True),
    ],
)
def test_globs(glob: str, path: str, expected: bool) -> None:
    assert matches(path, (glob,)) is expected


def test_what_a_transform_said_is_allowed_by_its_name() -> None:
    found = verdict(CLEANED, other=Allowance(), clean=CLEAN)
    assert found.holds
    assert {name for _, name in found.allowed} == {"clean"}


def test_without_an_allowance_each_path_is_named() -> None:
    found = verdict(CLEANED, other=Allowance(may_change=("/var/**",), may_add=("/var/**",)))
    assert Problem("removed", "/var/lib/apt/lists/a_Packages") in found.problems
    assert not found.holds


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ((Member("a"),), (), "removed"),
        ((), (Member("a"),), "added"),
        ((Member("a"),), (Member("a", mode=0o755),), "changed"),
        ((Member("a"),), (Member("a", uid=1),), "changed"),
        ((Member("a"),), (Member("a", xattrs={"user.a": "b"}),), "changed"),
        (
            (Member("var/lib/dpkg/status", b"Package: a\nStatus: install ok installed\n"),),
            (Member("var/lib/dpkg/status"),),
            "package",
        ),
        (
            (Member("b", elf(["l.so"])), Member("lib/l.so")),
            (Member("b", elf(["l.so"])), link("lib/l.so", "x")),
            "library",
        ),
    ],
)
def test_each_kind_of_loss_is_a_problem(before: tuple[Member, ...], after: tuple[Member, ...], kind: str) -> None:
    found = verdict(compare(shot(layer(Member("z"), *before)), shot(layer(Member("z"), *after))), clean=CLEAN)
    assert kind in {problem.kind for problem in found.problems}


def test_a_field_of_the_configuration_is_allowed_by_its_name_only() -> None:
    tree = layer(Member("a"))
    changed = compare(
        shot(tree, settings={"User": "", "Env": ["A=1"]}), shot(tree, settings={"User": "me", "Env": ["A=2"]})
    )
    found = verdict(changed, user=Allowance(configuration=frozenset({"User"})))
    assert [problem.subject for problem in found.problems] == ["Env"]


SHELL = ["/bin/sh", "-c"]
COMMANDS = {
    "the same words": ([*SHELL, "nginx -g 'daemon off;'"], ["nginx", "-g", "daemon off;"], True),
    "other options of the shell": (["/bin/bash", "-euo", "pipefail", "-c", "a b"], ["a", "b"], True),
    "a word is lost": ([*SHELL, "nginx -g x"], ["nginx", "-g"], False),
    "a word is split": ([*SHELL, "a 'b c'"], ["a", "b", "c"], False),
    "back to the shell": (["a"], [*SHELL, "a"], False),
    "it goes": ([*SHELL, "a"], None, False),
    "a quote without end": ([*SHELL, "a 'b"], ["a", "b"], False),
}


@pytest.mark.parametrize("case", COMMANDS)
def test_a_command_may_change_its_form_and_nothing_else(case: str) -> None:
    before, after, holds = COMMANDS[case]
    tree = layer(Member("a"))
    one, two = shot(tree, settings={"Cmd": before}), shot(tree, settings={"Cmd": after})
    assert verdict(compare(one, two), form=Allowance(configuration=frozenset({"Cmd:exec"}))).holds == holds
    assert not verdict(compare(one, two), form=Allowance(configuration=frozenset({"Entrypoint:exec"}))).holds


def test_a_label_is_allowed_by_its_key_only() -> None:
    tree = layer(Member("a"))
    one = shot(tree, settings={"Labels": {"x": "1"}})
    allowed = Allowance(configuration=frozenset({"Labels.authors"}))
    for labels, holds in (({"x": "1", "authors": "Ann"}, True), ({"authors": "Ann"}, False), ({"x": "2"}, False)):
        assert verdict(compare(one, shot(tree, settings={"Labels": labels})), author=allowed).holds == holds


STATUS = b"Package: a\nStatus: install ok installed\nVersion: 1\n"
WITH_PACKAGE = (
    *(
        Member("var/lib/dpkg/status", STATUS),
        Member("var/lib/dpkg/info/a.list", b"/.\n/usr\n/usr/share\n/usr/share/a\n/usr/share/a/x\n"),
    ),
    *(
        folder("usr"),
        folder("usr/share"),
        folder("usr/share/a"),
        Member("usr/share/a/x"),
        Member("usr/share/a/__pycache__/x.pyc"),
    ),
)
WITHOUT = (Member("var/lib/dpkg/status"), folder("usr"), folder("usr/share"))


def test_a_dropped_package_may_take_its_own_files_and_what_lay_among_them() -> None:
    dropped = compare(shot(layer(*WITH_PACKAGE)), shot(layer(*WITHOUT)))
    assert not verdict(dropped, clean=CLEAN).holds
    assert verdict(dropped, slim=Allowance(may_drop_packages=True)).holds


def test_a_dropped_package_may_not_take_the_files_of_others() -> None:
    dropped = compare(shot(layer(*WITH_PACKAGE, Member("usr/share/mine"))), shot(layer(*WITHOUT)))
    assert [problem.subject for problem in verdict(dropped, slim=Allowance(may_drop_packages=True)).problems] == [
        "/usr/share/mine"
    ]


def test_another_base_may_change_files_but_not_the_configuration_nor_break_a_program() -> None:
    program = Member("app", elf(["l.so"]))
    one = shot(layer(program, Member("lib/l.so"), Member("etc/x")), settings={"User": "me"})
    two = shot(layer(program, Member("etc/y")))
    found = verdict(compare(one, two), base=Allowance(may_change_base=True))
    assert {problem.kind for problem in found.problems} == {"library", "setting"}


def test_a_field_that_no_image_has_is_refused() -> None:
    with pytest.raises(TableError, match="unknown field of the configuration `Envs`"):
        Allowance(configuration=frozenset({"Envs"}))
    with pytest.raises(TableError, match="unknown field of the configuration `Cmd:shell`"):
        Allowance(configuration=frozenset({"Cmd:shell"}))


def test_noise_is_set_apart_and_only_its_own_aspects() -> None:
    log, owned = Member("var/log/dpkg.log", b"1"), Member("var/log/dpkg.log", b"2", uid=5)
    found = judge(compare(shot(layer(log)), shot(layer(owned))), {}, load_noise())
    assert [problem.detail.partition(":")[0] for problem in found.problems] == ["owner"]
    assert [change.path for change in found.noise] == ["/var/log/dpkg.log"]


def test_a_log_that_is_gone_is_no_noise() -> None:
    found = judge(
        compare(shot(layer(folder("a"), Member("var/log/dpkg.log"))), shot(layer(folder("a")))), {}, load_noise()
    )
    assert Problem("removed", "/var/log/dpkg.log") in found.problems


def test_measured_noise_is_of_single_paths_and_aspects() -> None:
    def image(content: bytes, mode: int = 0o644) -> Difference:
        return compare(shot(layer(Member("app.jar", b"1"))), shot(layer(Member("app.jar", content, mode))))

    noise = measure(image(b"2"), Noise())
    assert judge(image(b"3"), {}, noise).holds
    assert not judge(image(b"3", 0o755), {}, noise).holds


def test_every_row_of_the_table_has_a_reason_and_a_source() -> None:
    rows = load_noise().rows
    assert len(rows) > 10
    assert all(row.why and row.source for row in rows)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[noises]]\nglob = "/a"', "unknown table `noises`"),
        ('[[noise]]\nglob = "/a"\naspects = ["content"]\nwhy = ""', "row 1: missing key `source`"),
        (
            '[[noise]]\nglob = "/a"\naspects = ["content"]\nwhy = ""\nsource = ""\nglobs = ""',
            "row 1: unknown key `globs`",
        ),
        ('[[noise]]\nglob = "/a"\naspects = ["contents"]\nwhy = ""\nsource = ""', "unknown aspect `contents`"),
        ('[[noise]]\nglob = "a"\naspects = ["content"]\nwhy = ""\nsource = ""', "is no absolute path"),
        ("[[noise", "noise.toml: "),
    ],
)
def test_a_table_with_a_mistake_is_refused(text: str, message: str) -> None:
    with pytest.raises(TableError) as caught:
        parse_noise(text)
    assert message in str(caught.value)


HISTORY = (
    "/bin/sh -c #(nop) ADD file:1 in / ",
    "RUN /bin/sh -c make # buildkit",
    "RUN |1 VERSION=1 /bin/sh -c rm -rf /src # buildkit",
    "RUN /bin/bash -o pipefail -c chmod +x /app # buildkit",
)
LAYERS = (
    layer(Member("etc/x", b"1" * 10), Member("app", b"a" * 100)),
    layer(Member("src/a", b"2" * 1000), Member("src/b", b"3" * 500), Member("etc/x", b"4" * 20)),
    layer(Member(".wh.src")),
    layer(Member("app", b"a" * 100, 0o755)),
)


def test_wasted_bytes_are_named_with_who_wrote_and_who_undid() -> None:
    image = read_image(io.BytesIO(docker_archive(LAYERS, history=HISTORY)))
    analysis = analyze(image)
    assert groups(image, analysis, REMEDIES) == (
        Group(1500, 2, "RUN make", "RUN rm -rf /src", DELETED, "merge-cleanup-run"),
        Group(100, 1, "ADD file:1 in /", "RUN chmod +x /app", TOUCHED, None),
        Group(10, 1, "ADD file:1 in /", "RUN make", REPLACED, None),
    )
    assert [row.wasted for row in analysis.rows] == [110, 1500, 0, 0]
    assert (analysis.bytes, analysis.wasted) == (1730, 1610)
    assert analysis.efficiency == pytest.approx(120 / 1730)


@pytest.mark.parametrize(
    "undoing",
    [
        layer(Member("a", b"in place of the folder")),
        layer(Member("a/.wh..wh..opq")),
        layer(Member(".wh.a")),
        layer(Member("a/b/.wh.c")),
    ],
)
def test_every_way_to_undo_a_file_is_waste(undoing: bytes) -> None:
    analysis = analyze(read_image(io.BytesIO(docker_archive([layer(Member("a/b/c", b"123")), undoing]))))
    assert analysis.wasted == 3


def test_an_image_whose_history_does_not_fit_has_unknown_instructions() -> None:
    analysis = analyze(read_image(io.BytesIO(docker_archive(LAYERS, history=HISTORY[:2]))))
    assert {row.instruction for row in analysis.rows} == {"(unknown)"}


def test_an_image_without_files_wastes_nothing() -> None:
    assert analyze(read_image(io.BytesIO(docker_archive([layer(folder("a"))])))).efficiency == 1


def test_allowances_are_data() -> None:
    table: Mapping[str, Allowance] = {"a": Allowance()}
    assert judge(Difference(), table).holds


def test_a_link_to_what_a_dropped_package_owned_goes_with_it() -> None:
    rows = b"Package: mailx\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n"
    kept = (folder("usr"), folder("usr/bin"), folder("etc"), folder("etc/alternatives"), folder("var/lib/dpkg/info"))
    theirs = (
        Member("usr/bin/mailx", b"1"),
        Member("var/lib/dpkg/status", rows),
        Member("var/lib/dpkg/info/mailx.list", b"/usr/bin/mailx\n"),
        link("etc/alternatives/mail", "/usr/bin/mailx"),
        link("usr/bin/mail", "/etc/alternatives/mail"),
        link("usr/bin/sh", "dash"),
    )
    before, after = shot(layer(*kept, *theirs)), shot(layer(*kept))
    verdict = judge(compare(before, after), {"lean": Allowance(may_drop_packages=True)})
    assert [str(problem) for problem in verdict.problems] == ["removed /usr/bin/sh"]
