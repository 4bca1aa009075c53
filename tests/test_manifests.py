"""What installs read of a project: manifests in, paths out; a reason where nobody can tell."""

from __future__ import annotations

import json

import pytest

from optimizer.facts import Facts
from optimizer.facts.context import Given
from optimizer.facts.manifests import Install, NamedError, Need, Project, UnreadableError, install_of
from optimizer.syntax.parser import parse


def install(command: str) -> Install | None:
    facts = Facts(parse(f"FROM debian\nRUN {command}\n"))
    return install_of(facts.calls(facts.stages[0].instructions[0])[0])


def need(command: str, folder: str = "", **contents: str) -> Need:
    """What the command needs where the whole context is copied to `/`; the paths without the slash in front."""
    found = install(command)
    assert found is not None
    given = Given({path: text.encode() for path, text in contents.items()})
    read = found.need(Project(given, {f"/{path}": path for path in contents}, f"/{folder}"))
    paths = (sorted(read.files), read.writes, read.rewrites)
    return Need(*(tuple(path.removeprefix("/") for path in one) for one in paths))


def package(**fields: object) -> str:
    return json.dumps(fields)


@pytest.mark.parametrize(
    ("command", "name", "verb"),
    [
        ("npm ci", "npm", "ci"),
        ("npm install --omit=dev --no-audit", "npm", "install"),
        ("npm --loglevel warn i", "npm", "i"),
        ("yarn", "yarn", ""),
        ("yarn install --frozen-lockfile", "yarn", "install"),
        ("yarn --production --network-timeout 100000", "yarn", ""),
        ("pnpm i --frozen-lockfile", "pnpm", "i"),
        ("pip3.12 install -r requirements.txt", "pip", "install"),
        ("python3 -m pip install -rrequirements.txt gunicorn", "pip", "install"),
        ("uv pip install --system -r requirements.txt", "pip", "install"),
        ("uv sync --locked", "uv", "sync"),
        ("poetry install --no-root", "poetry", "install"),
        ("go mod download -x", "go", "mod download"),
    ],
)
def test_an_install_is_known(command: str, name: str, verb: str) -> None:
    found = install(command)
    assert found is not None
    assert (found.row.name, found.verb) == (name, verb)


@pytest.mark.parametrize(
    "command",
    [
        "npm install express",
        "npm install -g npm",
        "npm run build",
        "npm ci $FLAGS",
        "yarn build",
        "yarn add left-pad",
        "pnpm --filter web install",
        "pip install -e .",
        "pip install --target /x -r requirements.txt",
        "go build ./...",
        "go mod tidy",
        "uv run x",
    ],
)
def test_other_commands_are_none(command: str) -> None:
    assert install(command) is None


def test_npm_reads_the_manifest_and_the_lock_file() -> None:
    found = need("npm ci", **{"package.json": "{}", "package-lock.json": "{}", "index.js": ""})
    assert found == Need(("package-lock.json", "package.json"), ("node_modules",))


def test_an_install_that_is_not_frozen_may_write_the_lock_file() -> None:
    files = {"package.json": "{}", "package-lock.json": "{}"}
    assert need("npm install", **files).rewrites == ("package-lock.json",)
    assert need("npm ci", **files).rewrites == ()


def test_a_project_below_the_root_keeps_its_place() -> None:
    found = need("npm ci", "server", **{"server/package.json": "{}", "package.json": "{}"})
    assert found == Need(("server/package.json",), ("server/node_modules",))


def test_workspaces_need_their_manifests_and_programs() -> None:
    found = need(
        "npm ci",
        **{
            "package.json": package(workspaces=["packages/*"]),
            "packages/a/package.json": package(bin={"a": "./cli.js"}),
            "packages/a/cli.js": "",
            "packages/a/index.js": "",
            "packages/a/node_modules/x/package.json": "{}",
        },
    )
    assert found.files == ("package.json", "packages/a/cli.js", "packages/a/package.json")


def test_pnpm_has_its_workspaces_in_a_file_of_their_own() -> None:
    found = need(
        "pnpm install --frozen-lockfile",
        **{
            "package.json": "{}",
            "pnpm-workspace.yaml": "packages:\n  - apps/**\n  - '!apps/old'\n",
            "apps/web/package.json": "{}",
            "apps/old/package.json": "{}",
        },
    )
    assert found.files == ("apps/web/package.json", "package.json", "pnpm-workspace.yaml")


def test_the_settings_of_a_pnpm_workspace_name_patches_and_packages() -> None:
    told = "packages: [a]\noverrides: {react: 19.2.3}\npatchedDependencies:\n  x@1: patches/x@1.patch\n"
    files = {"package.json": package(), "a/package.json": package(), "patches/x@1.patch": "", "b/index.js": ""}
    found = need("pnpm install --frozen-lockfile", **{**files, "pnpm-workspace.yaml": told})
    assert found.files == ("a/package.json", "package.json", "patches/x@1.patch", "pnpm-workspace.yaml")
    for more in ("overrides: {x: 'file:gone'}", "pnpmfile: setup.cjs", "configDependencies: {x: 1}", "cafile: ca.pem"):
        with pytest.raises(UnreadableError):
            need("pnpm install", **{**files, "pnpm-workspace.yaml": f"packages: [a]\n{more}\n"})
    with pytest.raises(UnreadableError):
        need("pnpm install", **{**files, "pnpm-workspace.yaml": "patchedDependencies: [1]\n"})


def test_prisma_reads_its_schema_when_it_is_installed() -> None:
    manifest = package(dependencies={"@prisma/client": "5"})
    found = need("npm ci", **{"package.json": manifest, "prisma/schema.prisma": "", "index.js": ""})
    assert "prisma/schema.prisma" in found.files


def test_a_local_package_is_needed_whole() -> None:
    manifest = package(dependencies={"lib": "file:./lib"})
    found = need("npm ci", **{"package.json": manifest, "lib/package.json": "{}", "lib/index.js": "", "x": ""})
    assert found.files == ("lib/index.js", "lib/package.json", "package.json")


@pytest.mark.parametrize(
    ("contents", "why"),
    [
        ({"package.json": package(scripts={"postinstall": "node build.js"})}, "`postinstall`"),
        ({"package.json": package(scripts={"prepare": "husky"}), ".git/HEAD": ""}, "may use `.git`"),
        ({"package.json": package(dependencies={"x": "file:../x"})}, "`../x` is not copied"),
        ({"package.json": package(dependencies={"x": "odd:thing"})}, "cannot be read"),
        ({"package.json": package(), "binding.gyp": "{}"}, "`binding.gyp`"),
        ({"package.json": package(), ".npmrc": "cafile=ca.pem"}, "names a file"),
        ({"package.json": package(workspaces=["{a,b}"])}, "pattern"),
        ({"package.json": "{"}, "not JSON"),
        ({"package.json": "[]"}, "no object"),
        ({"index.js": ""}, "`/package.json` is not copied"),
    ],
)
def test_a_javascript_project_that_needs_more_is_refused(contents: dict[str, str], why: str) -> None:
    with pytest.raises(UnreadableError, match=why.replace(".", r"\.")):
        need("npm ci", **contents)


def test_scripts_do_not_matter_where_they_do_not_run() -> None:
    manifest = package(scripts={"postinstall": "node build.js"})
    assert need("npm ci --ignore-scripts", **{"package.json": manifest}).files == ("package.json",)


def test_pip_reads_what_the_requirements_include() -> None:
    found = need(
        "pip install -r requirements/prod.txt",
        **{
            "requirements/prod.txt": "-r base.txt\n-c ../constraints.txt  # pins\nflask[async]==3.0\n",
            "requirements/base.txt": "uvicorn \\\n  --hash=sha256:00\n",
            "constraints.txt": "",
            "app.py": "",
        },
    )
    assert found.files == ("constraints.txt", "requirements/base.txt", "requirements/prod.txt")


def test_a_path_of_the_image_is_one_of_the_context() -> None:
    found = install("pip install -r /srv/app/requirements.txt")
    assert found is not None
    project = Project(Given({"r.txt": b""}), {"/srv/app/requirements.txt": "r.txt"}, "/tmp")
    assert found.need(project).files == ("/srv/app/requirements.txt",)


@pytest.mark.parametrize("line", [".", "-e .", "./pkg", "pkg.whl", "lib @ file:///srv/lib", "--find-links wheels"])
def test_requirements_out_of_the_sources_are_refused(line: str) -> None:
    with pytest.raises(UnreadableError, match="may be installed from the sources"):
        need("pip install -r requirements.txt", **{"requirements.txt": line + "\n"})


@pytest.mark.parametrize("command", ["pip install .", "pip install ./pkg -r requirements.txt"])
def test_a_project_that_pip_installs_is_refused(command: str) -> None:
    with pytest.raises(UnreadableError):
        need(command, **{"requirements.txt": ""})


def test_poetry_and_uv_install_the_project_unless_they_are_told_not_to() -> None:
    project = {"pyproject.toml": '[project]\nname = "x"\n[build-system]\nrequires = []\n', "uv.lock": ""}
    with pytest.raises(UnreadableError, match="--no-root"):
        need("poetry install", **project)
    with pytest.raises(UnreadableError, match="--no-install-project"):
        need("uv sync", **project)
    assert need("poetry install --no-root", **project).files == ("pyproject.toml",)
    assert need("uv sync --locked --no-install-project", **project).files == ("pyproject.toml", "uv.lock")


def test_go_reads_the_modules_that_replace_others() -> None:
    found = need(
        "go mod download",
        **{
            "go.mod": "module x\nreplace a => ./a\nreplace b => example.org/b v1.0.0 // ./c\n",
            "go.sum": "",
            "a/go.mod": "",
            "main.go": "",
        },
    )
    assert found.files == ("a/go.mod", "go.mod", "go.sum")


def test_a_go_workspace_has_several_modules() -> None:
    found = need(
        "go mod download",
        **{"go.mod": "", "go.work": "go 1.24\nuse (\n\t.\n\t./tool // it\n)\n", "tool/go.mod": "", "tool/go.sum": ""},
    )
    assert found.files == ("go.mod", "go.work", "tool/go.mod", "tool/go.sum")


def test_a_module_out_of_reach_is_refused() -> None:
    with pytest.raises(UnreadableError):
        need("go mod download", **{"go.mod": "replace a => ../a\n"})


def test_bundler_reads_plain_gemfiles_only() -> None:
    gemfile = (
        "source 'https://rubygems.org'\nruby file: '.ruby-version'\ngem 'rails', '~> 8' # web\ngroup :test do\nend\n"
    )
    found = need("bundle install", **{"Gemfile": gemfile, "Gemfile.lock": "", ".ruby-version": "", "a.rb": ""})
    assert found.files == (".ruby-version", "Gemfile", "Gemfile.lock")
    for line in ("gemspec", "gem 'x', path: 'engine'", "eval_gemfile 'more'", "x = File.read('v')", "Dir['x'].each"):
        with pytest.raises(UnreadableError, match="may read the sources"):
            need("bundle install", Gemfile=line + "\n")


def test_composer_reads_its_two_files_unless_something_looks_further() -> None:
    lock = {"composer.lock": "{}"}
    assert need("composer install", **{"composer.json": "{}"}, **lock).files == ("composer.json", "composer.lock")
    scripts = {"composer.json": package(scripts={"post-install-cmd": "x"})}
    with pytest.raises(UnreadableError, match="post-install-cmd"):
        need("composer install", **scripts, **lock)
    assert need("composer install --no-scripts", **scripts, **lock).files == ("composer.json", "composer.lock")
    with pytest.raises(UnreadableError, match="autoloader"):
        need("composer install -o", **{"composer.json": "{}"}, **lock)
    with pytest.raises(UnreadableError, match="plugin"):
        plugin = {"packages": [{"name": "a/b", "type": "composer-plugin"}]}
        need("composer install", **{"composer.json": "{}", "composer.lock": json.dumps(plugin)})
    with pytest.raises(UnreadableError, match="own folders"):
        need("composer install", **{"composer.json": package(repositories=[{"type": "path"}])}, **lock)


def test_dotnet_reads_what_lies_above_a_project() -> None:
    above = "$([MSBuild]::GetPathOfFileAbove('Directory.Build.props', '$(MSBuildThisFileDirectory)../'))"
    itself = f'<Import Project="{above}" />'
    files = {
        "a/a.csproj": "",
        "a/Directory.Build.props": itself,
        "Directory.Build.props": '<Import Project="build/common.props" />',
        "build/common.props": "",
        "NuGet.config": '<packageSources><add key="a" value="https://example.org/v3/index.json" /></packageSources>',
        "a/Program.cs": "",
    }
    assert set(need("dotnet restore a/a.csproj", **files).files) == files.keys() - {"a/Program.cs"}
    with pytest.raises(UnreadableError, match="lie in a folder"):
        config = '<packageSources><add key="a" value="./packages" /></packageSources>'
        need("dotnet restore a/a.csproj", **{**files, "NuGet.config": config})
    with pytest.raises(UnreadableError, match="says where packages are put"):
        config = '<config><add key="globalPackagesFolder" value="packages" /></config>'
        need("dotnet restore a/a.csproj", **{**files, "NuGet.config": config})
    with pytest.raises(UnreadableError, match="cannot be followed"):
        need("dotnet restore a/a.csproj", **{**files, "Directory.Build.props": '<Import Project="$(Here)x.props" />'})
    with pytest.raises(UnreadableError, match="is not copied"):
        need("dotnet restore a/a.csproj", **{**files, "Directory.Build.props": '<Import Project="gone.props" />'})


def test_dotnet_follows_the_projects() -> None:
    found = need(
        "dotnet restore App.sln",
        **{
            "App.sln": 'Project("{X}") = "Web", "Web\\Web.csproj", "{Y}"\n',
            "Web/Web.csproj": '<Project><ProjectReference Include="..\\Lib\\Lib.csproj" /></Project>',
            "Lib/Lib.csproj": "<Project/>",
            "Directory.Build.props": "",
            "Web/Program.cs": "",
        },
    )
    assert found.files == ("App.sln", "Directory.Build.props", "Lib/Lib.csproj", "Web/Web.csproj")
    assert found.writes == ("Lib/obj", "Web/obj")
    with pytest.raises(UnreadableError, match="cannot be followed"):
        need("dotnet restore", **{"a.csproj": '<ProjectReference Include="$(Root)x.csproj" />'})
    with pytest.raises(UnreadableError, match="which project"):
        need("dotnet restore", **{"a.csproj": "", "b.csproj": ""})


def test_mix_cargo_conda_and_maven_read_what_is_plain() -> None:
    assert need("mix deps.get", **{"mix.exs": "defmodule X", "config/config.exs": ""}).files == (
        "config/config.exs",
        "mix.exs",
    )
    crate = {"Cargo.toml": '[package]\nname = "x"\n', "src/main.rs": "", "src/other.rs": "", "Cargo.lock": ""}
    assert need("cargo fetch --locked", **crate).files == ("Cargo.lock", "Cargo.toml", "src/main.rs")
    assert need("conda env create -f e.yml", **{"e.yml": "dependencies:\n  - pip\n"}).files == ("e.yml",)
    assert need("mvn -B dependency:go-offline", **{"pom.xml": "<project/>", "A.java": ""}).files == ("pom.xml",)


CRATE = '[package]\nname = "x"\n'


@pytest.mark.parametrize(
    ("manifest", "present", "wanted"),
    [
        ("", "src/main.rs src/lib.rs src/a.rs", "src/main.rs"),
        ("", "src/lib.rs", "src/lib.rs"),
        ("[lib]\n", "src/main.rs src/lib.rs", "src/lib.rs"),
        ('[lib]\npath = "l.rs"\n', "l.rs src/main.rs", ""),
        ('[[bin]]\nname = "y"\npath = "y.rs"\n', "y.rs src/main.rs", ""),
        ('[[bin]]\nname = "y"\n', "src/bin/y.rs src/main.rs", "src/bin/y.rs src/main.rs"),
        ('[[bench]]\nname = "b"\n', "benches/b.rs src/lib.rs", "benches/b.rs src/lib.rs"),
        ('default-run = "y"\n', "src/bin/y.rs src/bin/z.rs src/lib.rs", "src/bin/y.rs"),
        ('build = "build.rs"\n', "build.rs src/main.rs", "src/main.rs"),
        ("autobins = false\n", "src/main.rs src/lib.rs", "src/lib.rs"),
    ],
)
def test_a_crate_is_refused_without_the_files_of_its_targets(manifest: str, present: str, wanted: str) -> None:
    """Tried with cargo 0.66 and 1.95."""
    found = need("cargo fetch --locked", **{"Cargo.toml": CRATE + manifest, **dict.fromkeys(present.split(), "")})
    assert found.files == ("Cargo.toml", *wanted.split())


def test_a_workspace_of_crates_is_read() -> None:
    member = CRATE + '[dependencies]\nz = { path = "../../z" }\nw.workspace = true\n'
    root = """
        [workspace]
        members = ["m/*", "tools"]
        exclude = ["m/old"]
        [workspace.dependencies]
        w = { path = "w" }
        gone = { path = "gone" }
        [patch.crates-io]
        p = { path = "patched/p" }
        """
    crates = {f"{folder}/Cargo.toml": CRATE for folder in ("m/b", "m/old", "tools", "w", "z", "patched/p", "other")}
    sources = {path.replace("Cargo.toml", "src/lib.rs"): "" for path in (*crates, "m/a/Cargo.toml")}
    found = need("cargo fetch", **{"Cargo.toml": root, "m/a/Cargo.toml": member, **crates, **sources})
    members = ("m/a", "m/b", "tools", "w", "z", "patched/p")
    assert set(found.files) == {
        "Cargo.toml",
        *(f"{m}/{name}" for m in members for name in ("Cargo.toml", "src/lib.rs")),
    }


def test_a_crate_below_another_one_may_belong_to_its_workspace() -> None:
    context = Given(dict.fromkeys(("Cargo.toml", "a/Cargo.toml", "a/src/main.rs"), b""))
    places = {f"/src/{path}": path for path in context.files}
    facts = Facts(parse("FROM x\nRUN cargo fetch\n"))
    install = install_of(facts.calls(facts.stages[0].instructions[0])[0])
    assert install is not None
    with pytest.raises(UnreadableError, match="above it may hold its workspace"):
        install.need(Project(context, places, "/src/a"))


@pytest.mark.parametrize(
    ("command", "contents"),
    [
        ("mix deps.get", {"mix.exs": 'version: File.read!("VERSION")'}),
        ("mix deps.get", {"mix.exs": '{:x, path: "../x"}'}),
        ("cargo fetch", {"Cargo.toml": '[dependencies]\nx = { path = "x" }\n', "src/main.rs": ""}),
        ("cargo fetch", {"Cargo.toml": '[workspace]\nmembers = ["a"]\n', "src/main.rs": ""}),
        ("cargo fetch", {"Cargo.toml": '[workspace]\nmembers = ["**"]\n', "a/Cargo.toml": CRATE, "a/src/lib.rs": ""}),
        ("cargo fetch", {"Cargo.toml": '[workspace]\nmembers = ["a"]\n', "a/Cargo.toml": CRATE}),
        ("cargo fetch", {"Cargo.toml": f'{CRATE}[dependencies]\ny = {{ path = "../y" }}\n', "src/main.rs": ""}),
        ("cargo fetch", {"Cargo.toml": f'{CRATE}[[bin]]\nname = "tool"\n', "src/lib.rs": ""}),
        ("cargo fetch", {"Cargo.toml": f'{CRATE}[[bench]]\nname = "b"\n', "src/main.rs": ""}),
        ("cargo fetch", {"Cargo.toml": f"{CRATE}[lib]\n", "src/main.rs": ""}),
        ("cargo fetch", {"Cargo.toml": f"{CRATE}autobins = false\n", "src/main.rs": ""}),
        ("cargo fetch", {"Cargo.toml": CRATE, "src/main.rs": "", ".cargo/config.toml": 'paths = ["../x"]\n'}),
        ("cargo fetch", {"Cargo.toml": CRATE}),
        ("cargo fetch", {"Cargo.toml": "", "src/main.rs": ""}),
        ("conda env create -f e.yml", {"e.yml": "dependencies:\n  - pip:\n    - -r requirements.txt\n"}),
        ("mvn dependency:go-offline", {"pom.xml": "<project><modules><module>a</module></modules></project>"}),
        ("mvn dependency:go-offline", {"pom.xml": "<activation><file><exists>src/x</exists></file></activation>"}),
        ("mvn dependency:go-offline", {"pom.xml": "<systemPath>lib/x.jar</systemPath>"}),
        ("mvn dependency:go-offline", {"pom.xml": "<module>a</module>", "a/pom.xml": "<path>${basedir}</path>"}),
        (
            "mvn dependency:go-offline",
            {
                "pom.xml": "<project><modules><module>a</module><module>b</module></modules></project>",
                "a/pom.xml": "<project><parent><artifactId>p</artifactId></parent><artifactId>x</artifactId></project>",
                "b/pom.xml": "<artifactId>b</artifactId><dependency><artifactId>x</artifactId></dependency>",
            },
        ),
        ("pipenv install --deploy", {"Pipfile": '[packages]\nx = { path = "." }\n'}),
    ],
)
def test_what_may_need_the_sources_is_refused(command: str, contents: dict[str, str]) -> None:
    with pytest.raises(UnreadableError):
        need(command, **contents)


def test_a_version_may_begin_with_a_tilde() -> None:
    read = need("npm ci", **{"package.json": package(dependencies={"left": "~5.6.2"}), "package-lock.json": ""})
    assert list(read.files) == ["package-lock.json", "package.json"]


def test_an_install_of_named_packages_reads_no_manifest() -> None:
    with pytest.raises(NamedError):
        need("pip install --upgrade pip", **{"requirements.txt": ""})
    with pytest.raises(NamedError):
        need("conda install numpy")
    with pytest.raises(UnreadableError, match="from the sources"):
        need("pip install .")
