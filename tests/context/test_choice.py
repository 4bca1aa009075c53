"""Which context belongs to which Dockerfile."""

import json
import os

import pytest

from optimizer import optimize
from optimizer.facts.context import Missing
from optimizer.facts.context.bake import targets_of
from optimizer.facts.context.claims import claims_of
from optimizer.facts.context.finder import Finder

COPIES = "FROM scratch\nCOPY package.json ./\nCOPY . .\n"


@pytest.fixture
def root(tmp_path):
    (tmp_path / ".git").mkdir()
    return tmp_path


def write(root, contents):
    for path, content in contents.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)


def chosen(root, dockerfile="Dockerfile", top=None):
    """The folder from the root, or why there is none."""
    path = root / dockerfile
    found = Finder().supply(path, top or path.parent, path.read_bytes()).chosen
    return found.why if isinstance(found, Missing) else os.path.relpath(found.root, root)


def test_the_folder_of_the_dockerfile(root):
    write(root, {"web/Dockerfile": COPIES, "web/package.json": "", "package.json": ""})
    assert chosen(root, "web/Dockerfile") == "web"


def test_the_root_where_the_sources_lie_only_there(root):
    write(root, {"docker/Dockerfile": COPIES, "docker/other": "", "package.json": ""})
    assert chosen(root, "docker/Dockerfile") == "."


def test_a_folder_between_where_the_sources_lie_only_there(root):
    write(root, {"web/docker/Dockerfile": COPIES, "web/package.json": "", "other": ""})
    assert chosen(root, "web/docker/Dockerfile") == "web"


def test_a_bind_mount_names_a_source_too(root):
    text = "FROM a\nRUN --mount=type=bind,source=uv.lock,target=uv.lock uv sync\n"
    write(root, {"docker/Dockerfile": text, "docker/other": "", "uv.lock": ""})
    assert chosen(root, "docker/Dockerfile") == "."


def test_wildcards_are_looked_for(root):
    text = "FROM a\nCOPY */package*.json /\n"
    write(root, {"docker/Dockerfile": text, "docker/x/other": "", "web/package.json": ""})
    assert chosen(root, "docker/Dockerfile") == "."


def test_two_folders_that_fit(root):
    write(root, {"a/b/Dockerfile": COPIES, "a/package.json": "", "package.json": ""})
    assert "`--context` says which it is" in chosen(root, "a/b/Dockerfile")


def test_sources_in_two_folders(root):
    text = "FROM a\nCOPY here there /\n"
    write(root, {"a/Dockerfile": text, "a/here": "", "there": ""})
    assert "more than one folder" in chosen(root, "a/Dockerfile")


def test_a_folder_with_nothing_but_the_dockerfile(root):
    write(root, {"docker/Dockerfile": "FROM a\nCOPY . .\n", "docker/Dockerfile.dockerignore": "x", "main.go": ""})
    assert "nothing to copy" in chosen(root, "docker/Dockerfile")
    write(root, {"docker/main.go": ""})
    assert chosen(root, "docker/Dockerfile") == "docker"


def test_above_the_repository_nothing_is_looked_at(root):
    write(
        root,
        {
            "sub/.git/HEAD": "",
            "sub/Dockerfile": COPIES,
            "package.json": "",
            "compose.yaml": "services: {a: {build: {context: ., dockerfile: sub/Dockerfile}}}",
        },
    )
    assert chosen(root, "sub/Dockerfile") == "sub"


def test_without_a_repository_the_folder_that_was_asked_for_is_the_highest(tmp_path):
    write(tmp_path, {"docker/Dockerfile": COPIES, "docker/x": "", "package.json": ""})
    assert chosen(tmp_path, "docker/Dockerfile", tmp_path) == "."
    assert chosen(tmp_path, "docker/Dockerfile") == "docker"


@pytest.mark.parametrize(
    "name", ["compose.yaml", "docker-compose.yml", "docker-compose.prod.yaml", "deploy/compose.yml"]
)
def test_compose_says_it(root, name):
    up = "../" * name.count("/")
    text = f"services:\n  web:\n    build:\n      context: {up or './'}\n      dockerfile: docker/web.Dockerfile\n"
    write(root, {"docker/web.Dockerfile": "FROM a\nCOPY . .\n", "docker/x": "", name: text})
    assert chosen(root, "docker/web.Dockerfile") == "."


@pytest.mark.parametrize(
    ("build", "context"),
    [
        ("build: web", "web"),
        ("build: ./web/", "web"),
        ("build: {context: web}", "web"),
        ("build: {dockerfile: web/Dockerfile}", "."),
        ("build: {context: ., dockerfile: web/Dockerfile, target: $TARGET, args: {A: $B}}", "."),
        ("build: {context: other, dockerfile: ../web/Dockerfile}", "other"),
        ("build: !override {context: .,  dockerfile: web/Dockerfile}", "."),
        ("build: !reset null", "web"),
        ("image: x", "web"),
        ("build: {context: ., dockerfile_inline: FROM x}", "web"),
        ("build: {context: 'https://github.com/a/b.git', dockerfile: Dockerfile}", "web"),
        ("<<: *base", "."),
    ],
)
def test_the_forms_of_a_build(root, build, context):
    base = "x-base: &base {build: {context: ., dockerfile: web/Dockerfile}}\n"
    write(root, {"web/Dockerfile": "FROM a\nCOPY . .\n", "web/x": "", "other/x": ""})
    write(root, {"compose.yaml": f"{base}services:\n  web:\n    {build}\n"})
    assert chosen(root, "web/Dockerfile") == context


def test_a_file_over_another_one_may_leave_out_the_context(root):
    write(
        root, {"Dockerfile": "FROM a\nCOPY . .\n", "docker-compose.override.yml": "services: {a: {build: {target: x}}}"}
    )
    assert claims_of(root / "docker-compose.override.yml") == ()
    assert [claim.dockerfile for claim in claims(root, "compose.yml", "services: {a: {build: {target: x}}}")] == [
        "Dockerfile"
    ]


def claims(root, name, text):
    write(root, {name: text})
    return claims_of(root / name)


def test_two_services_with_different_contexts(root):
    text = "services:\n  a: {build: {context: ., dockerfile: web/Dockerfile}}\n  b: {build: web}\n"
    write(root, {"compose.yaml": text, "web/Dockerfile": "FROM a\nCOPY main.go /\n", "web/main.go": "", "main.go": ""})
    assert chosen(root, "web/Dockerfile") == (
        "service `a` of `compose.yaml` and service `b` of `compose.yaml` build it with different contexts"
    )
    (root / "main.go").unlink()
    assert chosen(root, "web/Dockerfile") == "web"


def test_what_compose_says_must_fit_what_is_copied(root):
    text = "services:\n  a: {build: {context: ., dockerfile: web/Dockerfile}}\n"
    write(root, {"compose.yaml": text, "web/Dockerfile": "FROM a\nCOPY main.go /\n", "web/main.go": ""})
    assert "lacks files" in chosen(root, "web/Dockerfile")


@pytest.mark.parametrize(
    "build",
    ["{context: $DIR}", "{context: ., dockerfile: '${FILE:-web/Dockerfile}'}", "$DIR", "[a", "[text]", "&a [*a, {]"],
)
def test_what_cannot_be_read_may_mean_any_dockerfile(root, build):
    write(
        root,
        {"compose.yaml": f"services:\n  a:\n    build: {build}\n", "web/Dockerfile": "FROM a\nCOPY . .\n", "web/x": ""},
    )
    assert "cannot be read" in chosen(root, "web/Dockerfile")


def test_unless_the_sources_lie_in_one_folder_only(root):
    write(root, {"compose.yaml": "services: {a: {build: $DIR}}", "web/Dockerfile": COPIES, "web/package.json": ""})
    assert chosen(root, "web/Dockerfile") == "web"
    write(root, {"package.json": ""})
    assert "cannot be read" in chosen(root, "web/Dockerfile")


def test_another_name_is_another_dockerfile(root):
    text = "services: {a: {build: {context: $DIR, dockerfile: other.Dockerfile}}}"
    write(root, {"compose.yaml": text, "web/Dockerfile": "FROM a\nCOPY . .\n", "web/x": ""})
    assert chosen(root, "web/Dockerfile") == "web"


BAKE = """
# comment with a { bracket
variable "TAG" { default = "x" }
target "base" {
  context = "."   // the root
  args = { A = "}" , B = upper(TAG) }
  description = <<-EOT
    target "fake" { context = "web" }
  EOT
}
target "web" {
  inherits = ["base"]
  dockerfile = "web/Dockerfile"
}
target "odd" {
  context = "${TAG}"
  dockerfile = TAG == "x" ? "a" : "b"
}
target "empty" {}
"""


def test_bake_files_in_hcl():
    assert targets_of(BAKE) == {
        "base": {"context": "."},
        "web": {"inherits": ["base"], "dockerfile": "web/Dockerfile"},
        "odd": {"context": "$", "dockerfile": "$"},
        "empty": {},
    }


@pytest.mark.parametrize("text", ['target "a" {', "}", 'target "a" { x = ] }'])
def test_broken_bake_files(text):
    with pytest.raises(ValueError, match="bracket"):
        targets_of(text)


def test_bake_says_it(root):
    write(root, {"docker-bake.hcl": BAKE.replace("odd", "web"), "web/Dockerfile": "FROM a\nCOPY . .\n", "web/x": ""})
    assert "cannot be read" in chosen(root, "web/Dockerfile")
    write(root, {"docker-bake.hcl": BAKE.replace('dockerfile = TAG == "x" ? "a" : "b"', 'dockerfile = "other"')})
    assert chosen(root, "web/Dockerfile") == "."


def test_bake_files_in_json(root):
    targets = {"base": {"context": "."}, "web": {"inherits": ["base"], "dockerfile": "web/Dockerfile"}}
    write(
        root, {"docker-bake.json": json.dumps({"target": targets}), "web/Dockerfile": "FROM a\nCOPY . .\n", "web/x": ""}
    )
    assert chosen(root, "web/Dockerfile") == "."
    assert claims(root, "docker-bake.json", "[1]")[0].path is None


def test_parents_in_a_circle_are_not_known(root):
    text = 'target "a" { inherits = ["b"] }\ntarget "b" { inherits = ["a"] }\n'
    assert [claim.path for claim in claims(root, "docker-bake.hcl", text)] == [None, None]


def test_a_variable_in_what_is_inherited_is_not_known(root):
    text = 'target "a" {\n inherits = [X]\n dockerfile = "x"\n}\n'
    assert [(claim.context, claim.dockerfile) for claim in claims(root, "docker-bake.hcl", text)] == [(None, "x")]


@pytest.mark.parametrize("deep", ["[" * 50_000, "[[]" * 50_000, "\n" + "- " * 50_000])
def test_what_is_nested_without_end_is_not_read(root, deep):
    assert claims(root, "compose.yaml", f"services: {deep} build")[0].path is None


def test_merges_that_grow_without_end_are_not_read(root):
    lines = ["services: {a: {build: a}}", "m0: &m0 {a: 1, b: 2}"]
    lines += [f"m{i}: &m{i} {{<<: [*m{i - 1}, *m{i - 1}]}}" for i in range(1, 40)]
    assert claims(root, "compose.yaml", "\n".join(lines))[0].path is None


def test_a_compose_file_is_read_once(root):
    write(root, {"compose.yaml": "services: {a: {build: a}}", "a/Dockerfile": "FROM a\n", "b/Dockerfile": "FROM a\n"})
    finder = Finder()
    for name in ("a", "b"):
        assert finder.supply(root / name / "Dockerfile", root, b"FROM a\n").chosen
    assert finder.told.of.cache_info().misses == finder.told.of.cache_info().currsize > 0


def test_dockerfiles_of_one_context_share_its_list(root):
    write(root, {"Dockerfile": COPIES, "x.Dockerfile": COPIES, "package.json": ""})
    finder = Finder()
    one, other = (finder.supply(root / name, root, COPIES.encode())() for name in ("Dockerfile", "x.Dockerfile"))
    assert one is other


def test_the_user_says_it(root):
    write(root, {"Dockerfile": COPIES, "package.json": "", "other/file": "", "other/.dockerignore": "x"})
    context = Finder(root / "other").supply(root / "Dockerfile", root, COPIES.encode())()
    assert set(context.files) == {"file", ".dockerignore"}


def test_nothing_is_looked_at_until_a_fact_asks(root):
    supply = Finder().supply(root / "Dockerfile", root, COPIES.encode())
    optimize(COPIES, (), context=supply)
    assert "chosen" not in vars(supply)
