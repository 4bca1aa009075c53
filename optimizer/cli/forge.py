"""Which pull request is meant: what the options say, else what the CI of GitHub or GitLab says in its environment."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optimizer.cli.errors import UsageError

if TYPE_CHECKING:
    from optimizer.review.posting import Posted
    from optimizer.review.reviews import Review

_TOKENS = {"github": ("GITHUB_TOKEN", "GH_TOKEN"), "gitlab": ("GITLAB_TOKEN",)}


@dataclass(frozen=True)
class Target:
    """A pull request or merge request; each part may be unknown. `base` and `head`: revisions."""

    forge: str
    repository: str | None
    number: int | None
    url: str
    token: str | None = field(repr=False)
    base: str | None = None
    head: str | None = None

    @property
    def named(self) -> str:
        """`owner/name#12`, or `group/name!12`."""
        return f"{self.repository}{'!' if self.forge == 'gitlab' else '#'}{self.number}"

    def complete(self) -> None:
        """Raises UsageError for a part that sending needs and nobody said."""
        if self.forge not in _TOKENS:
            raise UsageError("--post needs --format github or gitlab")
        if self.repository is None or self.number is None:
            raise UsageError("--post needs --repository and --pull-request, where CI does not say them")
        if self.forge == "github" and not re.fullmatch(r"[\w.-]+/[\w.-]+", self.repository):
            raise UsageError(f"--repository is `owner/name`, not `{self.repository}`")
        if not self.token:
            raise UsageError(f"--post needs a token in ${' or $'.join(_TOKENS[self.forge])}")

    def post(self, review: Review) -> Posted:
        """Send the review. Raises PostError, and UsageError where the extra is not installed."""
        self.complete()
        assert self.repository is not None and self.number is not None and self.token is not None
        try:
            from optimizer.review import github, gitlab
            from optimizer.review.client import Client
        except ModuleNotFoundError as error:
            raise UsageError(f"--post needs `{error.name}`: pip install 'dockopt[review]'") from error
        headers = github.HEADERS if self.forge == "github" else gitlab.HEADERS
        with Client(self.url, headers, self.token) as client:
            if self.forge == "github":
                return github.GitHub(client, self.repository, self.number).post(review)
            return gitlab.GitLab(client, self.repository, self.number).post(review)


def target(forge: str, repository: str | None, number: int | None, environment: Mapping[str, str]) -> Target:
    """What is meant."""
    token = next((environment[name].strip() for name in _TOKENS.get(forge, ()) if environment.get(name)), None)
    if forge == "gitlab":
        return _gitlab(repository, number, environment, token)
    return _github(forge, repository, number, environment, token)


def _github(
    forge: str, repository: str | None, number: int | None, environment: Mapping[str, str], token: str | None
) -> Target:
    pull = _event(environment).get("pull_request") or {}
    said = pull.get("number")
    branch = environment.get("GITHUB_BASE_REF")
    return Target(
        forge,
        repository or environment.get("GITHUB_REPOSITORY"),
        number if number is not None else said,
        environment.get("GITHUB_API_URL") or "https://api.github.com",
        token,
        base=f"origin/{branch}" if branch else None,
        head=(pull.get("head") or {}).get("sha"),
    )


def _gitlab(repository: str | None, number: int | None, environment: Mapping[str, str], token: str | None) -> Target:
    said = environment.get("CI_MERGE_REQUEST_IID", "")
    return Target(
        "gitlab",
        repository or environment.get("CI_PROJECT_ID"),
        number if number is not None else int(said) if said.isdigit() else None,
        environment.get("CI_API_V4_URL") or "https://gitlab.com/api/v4",
        token,
        base=environment.get("CI_MERGE_REQUEST_DIFF_BASE_SHA"),
        head=environment.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or environment.get("CI_COMMIT_SHA"),
    )


def _event(environment: Mapping[str, str]) -> dict[str, Any]:
    """What set off the workflow; empty where nothing says it."""
    try:
        told = json.loads(Path(environment["GITHUB_EVENT_PATH"]).read_text("utf-8"))
    except (KeyError, OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}
