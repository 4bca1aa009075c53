"""The plan of a conversion: which image runs the program, what is copied to it, what is installed and done there.

Raises `Unknown` where a fact is missing; a plan is only made of what is known.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from optimizer.facts import BuildStage, Facts
from optimizer.facts.bases import image_of
from optimizer.facts.chains import Step
from optimizer.facts.paths import covering, within
from optimizer.facts.runtime_needs import Kind, runtime_needs
from optimizer.facts.scope import Scope
from optimizer.facts.stacks.data import named_in, needed, places
from optimizer.facts.stacks.needs import Needs, needs_of
from optimizer.facts.stacks.site import Ground, Product, Unknown
from optimizer.facts.stacks.started import Start, argument_of, candidates, last, starts
from optimizer.facts.stacks.survey import HINT, Survey
from optimizer.knowledge import commands
from optimizer.knowledge.build_packages import SUITES, build_packages
from optimizer.knowledge.stacks import BuilderImage, RuntimeImage, Stack, stacks
from optimizer.syntax.nodes import Instruction

_MOST_COPIES = 12
_FETCH = ("curl", "wget", "git")
_SHELLS = ("sh", "bash")
PACKAGES = '`[tool.dockopt.multi-stage] packages = ["NAME"]` would say what brings it'

_OF_RELEASES = {"glibc", "cc"}
"""C libraries with which a program runs only on a system that is as new as the one that it was built on."""
_MOVING = "stable"


class Surveyed(Protocol):
    """What a plan tells of the stage that it parts: the names are those of `Survey`."""

    @property
    def stage(self) -> BuildStage: ...
    @property
    def ground(self) -> Ground: ...
    @property
    def scopes(self) -> Mapping[Instruction, Scope]: ...
    @property
    def end(self) -> Scope: ...
    @property
    def recommended(self) -> bool: ...
    @property
    def elsewhere(self) -> list[Instruction]: ...


class Plan(Struct, frozen=True):
    """One conversion. `copies`: absolute paths, in order; `packages`: to be installed; `saves`: bytes, estimated."""

    survey: Surveyed
    image: str
    copies: tuple[str, ...]
    packages: tuple[str, ...]
    users: tuple[tuple[Instruction, Step], ...]
    owners: tuple[tuple[Instruction, Step], ...]
    saves: int
    basis: str
    searched: bool
    """Whether what is started is found in a folder of PATH that only the builder's image names."""
    given: bool
    """Whether the settings said what is needed."""
    builder: BuilderImage | None = None
    """The image that builds; None where both images set the same variables."""
    runtime: RuntimeImage | None = None
    """The row of the image that runs what was built."""
    opening: tuple[tuple[str, str], ...] = ()
    """What the builder begins with: a keyword and its arguments; variables are for both."""
    opens: Instruction | None = None
    """The instruction in front of which that stands; None: it is the first."""
    closing: str | None = None
    """A command at the end of the builder."""


def plan(facts: Facts, stage: BuildStage, artefacts: Sequence[str] = (), packages: Sequence[str] = ()) -> Plan | None:
    """How the stage would be converted; None where it is no stage that builds. Raises Unknown.

    `artefacts`, `packages`: what the settings say that the container needs.
    """
    builder = stacks().builders.get(image_of(stage.base or "")[0])
    if builder is None or stage.parent is not None or facts.tree.escape != "\\":
        return None
    stack = stacks().stacks[builder.stack]
    if not _builds(facts, stage, builder, stack):
        return None
    if "onbuild" in image_of(stage.base or "")[1]:
        raise Unknown("its base image brings steps of its own (`onbuild`)")
    survey = Survey(facts, stage, builder, stack, bool(artefacts)).walk()
    return _Choice(survey, tuple(artefacts), tuple(packages)).made()


def _builds(facts: Facts, stage: BuildStage, builder: BuilderImage, stack: Stack) -> bool:
    """Whether the stage calls what builds, which on a plain system it installs."""
    runs = [one for one in stage.instructions if one.name == "RUN"]
    called = {call.name for run in runs for call in facts.calls(run)}
    if not called & set(stack.builds) or not builder.needs:
        return bool(called & set(stack.builds))
    packages = {word.text for run in runs for one in facts.package_calls(run) for word in one.operands}
    return bool(packages & set(builder.needs))


class _Choice:
    """The facts of one stage while its plan is made."""

    def __init__(self, survey: Survey, artefacts: tuple[str, ...], packages: tuple[str, ...]) -> None:
        self.survey = survey
        self.artefacts = artefacts
        self.named = packages
        self.facts, self.stage, self.ground = survey.facts, survey.stage, survey.ground

    def made(self) -> Plan:
        """The plan. Raises Unknown."""
        if self.survey.end.folder is None:
            raise Unknown("the folder in which it starts is not known")
        started = starts(self.facts, self.stage, self.survey.end)
        if not started:
            raise Unknown("nothing says what a container starts")
        found = [self._found(one) for one in started]
        called = self._called(started)
        products = self._products({path for one in started for path in self._named(one)})
        words = [word for one in started for word in one.words]
        copies = self._copies(products, [*words, *called])
        names = {posixpath.basename(one) for one in (*(one.name or "" for one in started), *called)}
        needs = self._needs(names)
        packages = self._packages()
        libraries = self._headers(products)
        owners = self._owners(copies)
        self._given_away(copies)
        users = tuple(one for one in self.survey.repeated if one[1].calls[0].name in stacks().commands.users)
        shell = bool(packages or users or owners) or any(one.shell for one in started)
        shell = shell or self.survey.stack.shell or bool(called) or any(path is None for path in found)
        runtime = self._runtime(needs, products, libraries, names, shell=shell)
        packages = (*packages, *self._libraries(runtime, libraries), *self._programs(runtime, names))
        if packages and runtime.system not in ("", self._family) and set(packages) - set(stacks().packages.weak):
            raise Unknown(f"whether `{self._image(runtime)}` has the package `{packages[0]}` is not known")
        extra = [
            name
            for name, wanted, had in (
                ("ca-certificates", needs.certificates, runtime.certificates),
                ("tzdata", needs.zones, runtime.zones),
            )
            if wanted and not had
        ]
        return Plan(
            self.survey,
            self._image(runtime),
            copies,
            tuple(dict.fromkeys((*packages, *extra))),
            users,
            owners,
            self._saves(runtime),
            "sizes of the two images, about",
            self._searched(found, started, runtime),
            bool(self.artefacts or self.named),
            self.survey.builder,
            runtime,
        )

    def _searched(self, found: Sequence[str | None], started: Sequence[Start], runtime: RuntimeImage) -> bool:
        folders = runtime.path.split(":")
        pairs = zip(found, started, strict=True)
        by_name = [path for path, one in pairs if path is not None and "/" not in (one.name or "")]
        return "PATH" not in self._written() and any(posixpath.dirname(path) not in folders for path in by_name)

    def _written(self) -> set[str]:
        """The variables that the stage sets."""
        pairs = (self.facts.pairs.get(one, ()) for one in self.stage.instructions if one.name == "ENV")
        return {name.constant or "PATH" for defined in pairs for name, _ in defined}

    def _makes(self, start: Start) -> bool:
        """Whether what is started was built."""
        places = candidates(start.name or "", self.survey.end)
        return any(self.ground.product(path) is not None for path in places)

    def _called(self, started: Sequence[Start]) -> list[str]:
        """Other programs that are started in a container: by sources, by scripts, by Compose. Raises Unknown."""
        needs = runtime_needs(self.facts, self.stage)
        if self.artefacts or self.named:
            return []
        if (doubt := needs.doubt(Kind.PROGRAM)) is not None:
            raise Unknown(f"{doubt}; {PACKAGES}")
        found = []
        entry = last(self.stage, "ENTRYPOINT")
        made = any(one.instruction is entry and self._makes(one) for one in started)
        for need in needs.of(Kind.PROGRAM):
            if need.name == (argument_of(self.stage) if made else None):
                continue
            places = candidates(need.name, self.survey.end)
            if any(self.ground.product(path) is not None or path in self.ground.files for path in places):
                continue
            if not self._is_known(posixpath.basename(need.name)):
                raise Unknown(
                    f"`{need.name}` is needed, and it is not known where it comes from: {need.why}; {PACKAGES}"
                )
            found.append(need.name)
        return found

    def _is_known(self, name: str) -> bool:
        """Whether a program is of every system, or of a package, or of the image of the language."""
        rows = stacks()
        own = any(name in one.programs for one in rows.runtimes if self.survey.stack.name in one.stacks)
        known = (*rows.packages.weak, *rows.packages.programs, *self.survey.packages, *self.named)
        return own or name in known or name in _SHELLS or name in commands().builtins or name in rows.commands.system

    def _found(self, start: Start) -> str | None:
        """The product or file that a program is; None for one of the system. Raises Unknown."""
        if start.name is None:
            raise Unknown("which program is started is not known", start.instruction)
        name = posixpath.basename(start.name)
        known = (*self.ground.products, *self.artefacts)
        for path in candidates(start.name, self.survey.end):
            if path in known or any(within(path, one) for one in self.artefacts):
                return path
            if self.ground.product(path) is not None:
                return path
            if path in self.ground.files:
                return None  # a script, which needs a system
        if self._is_known(name) and (start.shell or name not in commands().builtins):
            return None
        raise Unknown(f"`{start.name}` is started, and it is not known where it comes from", start.instruction)

    def _named(self, start: Start) -> Iterator[str]:
        """The products that a command names: what it starts, and what that is given. Raises Unknown."""
        for number, word in enumerate((start.name or "", *start.words[1:])):
            places = candidates(word, self.survey.end) if number == 0 or "/" in word else ()
            places = places or (posixpath.join(self.survey.end.folder or "/", word),)
            made = next((path for path in places if self.ground.product(path) is not None), None)
            if made is not None:
                yield made
            elif word.endswith(self.survey.stack.made or ("\0",)) and not self.artefacts:
                raise Unknown(f"`{word}` is started, and it is not known where it comes from", start.instruction)

    def _products(self, named: set[str]) -> list[Product]:
        """What is copied of what was built: all that is surely there, and what is named."""
        ground = self.ground
        if self.artefacts:
            family = "musl" if self._family == "alpine" else "cc"
            return [ground.product(path) or Product(path, family) for path in self.artefacts]
        found = [one for one in ground.products.values() if one.sure and "*" not in one.path]
        for path in sorted(named - ground.products.keys()):
            one = ground.product(path)
            found += [replace(one, path=path)] if one is not None and "*" in one.path else []
        found += [one for path, one in ground.products.items() if path in named and one not in found]
        if not found:
            raise Unknown(f"nothing is known to be built; {HINT}")
        return found

    @property
    def _family(self) -> str:
        return self.stage.system.name if self.stage.system is not None else ""

    def _copies(self, products: Iterable[Product], words: Iterable[str]) -> tuple[str, ...]:
        """The paths that the image needs of the builder. Raises Unknown where they are too many."""
        paths = [one.path for one in products]
        if not self.artefacts and self.facts.context is not None:
            files, folder = self.ground.files, self.survey.end.folder or "/"
            read = runtime_needs(self.facts, self.stage).names(Kind.FILE)
            named = {path for path, origin in files.items() if any(within(origin, one) for one in read)}
            named |= named_in(words, files, folder)
            data = needed(files, self.survey.stack, self.facts.context, named, folder)
            paths += places(data, self.ground.files, self.survey.stack)
            paths += [folder for folder in self.ground.folders if self._is_empty(folder)]
        kept = tuple(covering(tuple(dict.fromkeys(paths))))
        if len({posixpath.dirname(path) for path in kept}) > _MOST_COPIES or len(kept) > 3 * _MOST_COPIES:
            raise Unknown(f"it holds {len(kept)} files and folders that the program may read; {HINT}")
        return kept

    def _is_empty(self, folder: str) -> bool:
        """Whether a folder that was made holds nothing else, and no later step enters it."""
        held = (*self.ground.files, *self.ground.products, self.survey.end.folder or "/")
        return not any(within(path, folder) for path in held)

    def _needs(self, names: Collection[str]) -> Needs:
        context = self.facts.context
        needs = (
            needs_of(self.ground.files, self.survey.stack, context) if context is not None else Needs(True, True, True)
        )
        if needs.loads is not None:
            raise Unknown(f"`{needs.loads}` loads libraries by name, which is not followed")
        zones = needs.zones or "tzdata" in self.survey.packages or "TZ" in self.survey.end.variables
        certificates = needs.certificates or "ca-certificates" in self.survey.packages
        certificates = certificates or not set(_FETCH).isdisjoint((*names, *self.named))
        return Needs(certificates, zones, needs.temporary)

    def _packages(self) -> tuple[str, ...]:
        """What the image for running installs of what the stage did: all that no build needs."""
        rows = stacks().packages
        found = list(self.named)
        for name in self.survey.packages:
            plain = re.split(r"[=<>~]", name)[0]
            if plain not in (*rows.weak, *rows.build, *self.survey.stack.building) and not build_packages().is_build(
                plain
            ):
                found.append(name)
        return tuple(dict.fromkeys(found))

    def _programs(self, runtime: RuntimeImage, names: Collection[str]) -> tuple[str, ...]:
        """The packages of programs that are started and that the image has not."""
        rows = stacks().packages
        known = (*rows.weak, *rows.programs)
        wanted = sorted(name for name in names if name in known and name not in runtime.programs)
        return tuple(rows.programs.get(name, name) for name in wanted)

    def _headers(self, products: Sequence[Product]) -> tuple[str, ...]:
        """The development packages whose libraries the programs may be linked to."""
        if all(one.libc == "none" for one in products):
            return ()
        plain = stacks().packages.build
        installed = (re.split(r"[=<>~]", name)[0] for name in self.survey.packages)
        stack = self.survey.stack
        linked = stack.linked_of_alpine if self._family == "alpine" else stack.linked
        named = (*linked, *(name for one in products for name in one.libraries))
        return tuple(
            dict.fromkeys((*named, *(name for name in installed if name.endswith("-dev") and name not in plain)))
        )

    def _libraries(self, runtime: RuntimeImage, headers: Sequence[str]) -> tuple[str, ...]:
        """The packages of the libraries that the image has not. Raises Unknown."""
        system = self.stage.system
        named = "alpine" if self._family == "alpine" else (system.release if system else None)
        found: list[str] = []
        for name in headers:
            if name in runtime.libraries:
                continue
            suite = named or (runtime.release if name in self.survey.stack.linked else None)
            libraries = build_packages().libraries(suite, name) if suite in (*SUITES, "alpine") and suite else None
            if libraries is None:
                hint = "a tag that names the release would tell" if suite is None else "its row is missing"
                raise Unknown(f"which libraries of `{name}` it needs when it runs is not known: {hint}")
            found += [one for one in libraries if one not in stacks().packages.present]
        return tuple(dict.fromkeys(found))

    def _owners(self, copies: Sequence[str]) -> tuple[tuple[Instruction, Step], ...]:
        """The steps that set owners of what the image for running has. Raises Unknown."""
        found = []
        for run, step in self.survey.repeated:
            if step.calls[0].name not in (*stacks().commands.owners, "chmod"):
                continue
            site = self.survey.site(run, self.survey.scopes[run].folder)
            paths = [site.path(word) for word in step.calls[0].words[1:] if not word.text.startswith("-")][1:]
            if not paths or None in paths:
                raise Unknown("whose owner it sets is not known", run)
            there = (*copies, self.survey.end.folder or "/")
            if any(path and any(within(one, path) for one in there) for path in paths):
                found.append((run, step))
        return tuple(found)

    def _given_away(self, copies: Sequence[str]) -> None:
        """A folder that a COPY gave to a user would be root's again. Raises Unknown where that may matter."""
        for path in copies if not self.survey.end.as_root else ():
            if path not in self.ground.files and any(one.startswith(f"{path}/") for one in self.ground.owned):
                raise Unknown(f"`{path}` belongs to a user, which a folder loses when it is copied")

    def _runtime(
        self,
        needs: Needs,
        products: Sequence[Product],
        headers: Sequence[str],
        names: Collection[str],
        *,
        shell: bool,
    ) -> RuntimeImage:
        """The first image that has all that is needed. Raises Unknown."""
        links = {one.libc for one in products}
        own = [one for one in stacks().runtimes if self.survey.stack.name in one.stacks]
        for one in own or [one for one in stacks().runtimes if not one.stacks]:
            if (one.families and self._family not in one.families) or not links <= set(one.links):
                continue
            if links & _OF_RELEASES and self._moves() and _MOVING not in one.releases:
                continue
            if (shell or set(headers) - set(one.libraries)) and not one.shell:
                continue
            if shell and any(name not in one.programs for name in self._shells()):
                continue
            if one.versions and self._version() not in one.versions:
                continue
            if own and not set(one.programs).intersection(names):
                continue
            if (needs.certificates and not (one.certificates or one.shell)) or (needs.temporary and not one.temporary):
                continue
            if (needs.zones and not (one.zones or one.shell)) or not self._has_user(one):
                continue
            return one
        raise Unknown("no image is known that has what it needs when it runs")

    def _shells(self) -> set[str]:
        """The shells that SHELL names."""
        return {posixpath.basename(self.survey.end.shell[0])} if self.survey.end.shell else set()

    def _has_user(self, runtime: RuntimeImage) -> bool:
        user = self.survey.end.user
        if user is None:
            raise Unknown("as which user it runs is not known")
        names = [name for name in user.split(":") if not name.isdigit() and name != "root"]
        made = {word.text for _, step in self.survey.repeated for word in step.calls[0].words[1:]}
        return all(name in runtime.users or name in made for name in names)

    def _image(self, runtime: RuntimeImage) -> str:
        name, tag = image_of(self.stage.base or "")
        if (
            name == runtime.system
            and self._is_had(tag.removesuffix("-slim"), runtime)
            and "{release}" in runtime.image
            and tag
            and "@" not in (self.stage.base or "")
        ):
            return runtime.image.format(release=tag.removesuffix("-slim"))
        system = self.stage.system
        release = system.release if system is not None and system.name in runtime.families else None
        release = release if release is not None and self._is_had(release, runtime) else None
        moving = _MOVING if self._moves() and _MOVING in runtime.releases else None
        return runtime.image.format(release=release or moving or runtime.release, version=self._version())

    def _moves(self) -> bool:
        """Whether the tag names no version: the image comes to stand on the next stable Debian, some weeks after it."""
        base, system = self.stage.base or "", self.stage.system
        told = "@" in base or re.search(r"\d", image_of(base)[1])
        return not told and (system is None or system.release is None)

    def _is_had(self, release: str, runtime: RuntimeImage) -> bool:
        """Whether packages of the release can still be had; a newer one runs what an older one built."""
        return not runtime.releases or release in runtime.releases

    def _version(self) -> str:
        """The version of the language, as the tag says. Raises Unknown where it does not, and it matters."""
        pattern = self.survey.builder.version
        match = re.search(pattern, image_of(self.stage.base or "")[1]) if pattern else None
        if pattern and match is None:
            raise Unknown("its tag does not say which version of the language it is")
        return match[1] if match is not None else ""

    def _saves(self, runtime: RuntimeImage) -> int:
        builder = self.survey.builder
        size = builder.size_of_alpine if self._family == "alpine" else builder.size
        return max(0, size - runtime.size)


def values_of(plan: Plan, texts: Sequence[str]) -> dict[str, str]:
    """The variables of the builder's image that texts name, with their values: the other image has none of them."""
    names = {name for text in texts for name in re.findall(r"\$\{?(\w+)", text)}
    names |= {"PATH"} if plan.searched else set()
    if plan.builder is None or plan.runtime is None:
        return {}
    set_again = "\n".join(text for text in texts if text[:3].upper() == "ENV")
    names |= {name for name in plan.builder.keeps if not re.search(rf"\b{name}[ =]", set_again)}
    known = {**plan.builder.values, "PATH": plan.builder.path}
    written = plan.survey.end.variables
    kept = {name for name, value in plan.runtime.values.items() if written.get(name) == value}
    return {name: value for name, value in known.items() if name in names | kept}
