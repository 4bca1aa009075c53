"""The projects of the corpus as they are proved: built before and after, run, and held against what they answer."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from optimizer import optimize
from optimizer.engine import Result
from optimizer.facts.context.finder import Finder
from optimizer.prove.builders import Builder, BuildOptions
from optimizer.prove.declared import allowances
from optimizer.prove.layer import Layer
from optimizer.prove.proof import Proof, ProofOptions, Rewrite, prove
from optimizer.prove.smoke import SmokeTest
from optimizer.transform import Transform
from transforms import PIPELINE

from .factory import recipes

FOLDER = Path(__file__).parents[2] / "corpus" / "projects"
RUN = re.compile(r"^Run `docker run --rm IMAGE ?([^`]*)`: answers `(.*?)`", re.M)
NOT_BUILT = re.compile(r"^Not built in the tests: (.*?)\. ", re.M)
FROM = re.compile(r"^\s*FROM\s+(?:--\S+\s+)?(\S+)(?:\s+AS\s+(\S+))?", re.M | re.I)
SOURCES = (".py", ".js", ".ts", ".go", ".rs", ".c", ".rb", ".php", ".java", ".html", ".sh", ".txt")
"""What is touched before a rebuild: the first file of the first kind that the project has."""


@dataclass(frozen=True, slots=True)
class Project:
    """One project. `command` is what stands behind `docker run --rm IMAGE`; `unbuildable` says why it is not built."""

    name: str
    folder: Path
    command: str
    answer: str
    unbuildable: str | None

    @property
    def text(self) -> bytes:
        return (self.folder / "Dockerfile").read_bytes()

    @property
    def bases(self) -> tuple[str, ...]:
        """The images that it is built from."""
        return bases_in(self.text.decode("utf-8", "replace"))

    def bases_after(self, transforms: Sequence[Transform] | None = None) -> tuple[str, ...]:
        """The images that what `--unsafe` makes of it is built from."""
        return bases_in(self.optimized(unsafe=True, transforms=transforms).after)

    def optimized(self, *, unsafe: bool = False, transforms: Sequence[Transform] | None = None) -> Result:
        """What dockopt, or some of its transforms, make of it in its build context."""
        found = Finder().supply(self.folder / "Dockerfile", self.folder, self.text)
        return optimize(self.text, transforms, unsafe=unsafe, context=found)

    @property
    def touched(self) -> str | None:
        """A source file, for the measurement of a rebuild."""
        found = [path for suffix in SOURCES for path in sorted(self.folder.rglob(f"*{suffix}")) if _is_source(path)]
        return found[0].relative_to(self.folder).as_posix() if found else None


def bases_in(text: str) -> tuple[str, ...]:
    """The images that a Dockerfile names behind FROM."""
    rows = FROM.findall(text)
    stages = {stage.lower() for _, stage in rows if stage}
    return tuple(sorted({image for image, _ in rows if image.lower() not in stages | {"scratch"}}))


def _is_source(path: Path) -> bool:
    return path.is_file() and "test" not in path.name and "requirements" not in path.name


def read_projects(folder: Path = FOLDER) -> tuple[Project, ...]:
    """All projects by name."""
    return tuple(_read(path) for path in sorted(folder.iterdir()) if path.is_dir())


def _read(folder: Path) -> Project:
    text = (folder / "README.md").read_text()
    if missing := NOT_BUILT.search(text):
        return Project(folder.name, folder, "", "", missing[1])
    found = RUN.search(text)
    assert found, f"{folder.name}/README.md does not say how it is run"
    return Project(folder.name, folder, found[1], found[2], None)


def in_order(projects: Sequence[Project]) -> list[Project]:
    """Those that can be built: what dockopt changes first, then the rest; small bases first in both."""
    known = {name: recipe for recipe in recipes.read_recipes().values() for name in recipe.names}

    def cost(project: Project) -> tuple[bool, int, tuple[str, ...], str]:
        needed = list(recipes.in_order(recipes.read_recipes(), [known[base].name for base in project.bases]))
        return not project.optimized().steps, len(needed), project.bases, project.name

    return sorted((project for project in projects if not project.unbuildable), key=cost)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one project. `answers` are those of the image before and after."""

    project: Project
    result: Result
    proof: Proof

    @property
    def answers(self) -> tuple[str, str]:
        assert self.proof.smoke
        before, after = self.proof.smoke.outputs
        return before.strip(), after.strip()

    @property
    def holds(self) -> bool:
        """Whether nothing was lost, and both images answer as the README says."""
        return self.proof.holds and set(self.answers) == {self.project.answer}


def prove_project(
    project: Project,
    builder: Builder,
    layers: dict[str, Layer],
    *,
    unsafe: bool = False,
    rebuild: bool = False,
    rebuilds: int = 1,
    timeout: float = 600,
    transforms: Sequence[Transform] | None = None,
) -> Outcome:
    """Prove what dockopt, or some of its transforms, make of a project."""
    result = project.optimized(unsafe=unsafe, transforms=transforms)
    here = BuildOptions.from_environment()
    build = BuildOptions(timeout=timeout, network=here.network, drop_syntax=here.drop_syntax)
    touch = project.touched if rebuild else None
    options = ProofOptions(
        build, smoke=SmokeTest(project.command), rebuild=touch is not None, rebuilds=rebuilds, touch=touch
    )
    steps = [Rewrite(step.transform, step.after, step.ignores) for step in result.steps]
    declared = allowances(PIPELINE)
    proof = prove(result.before, steps, project.folder, builder, declared, options, layers=layers)
    return Outcome(project, result, proof)
