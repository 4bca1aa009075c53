"""Commands whose words the keys of a row cannot tell: `tar`, `find`, `cp`, `useradd` ... one function for each kind.

Each takes the row, the words behind the command (and its verb), and what is gathered; it says whether it read them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from optimizer.facts.effects.grammars import builds, contents, files

if TYPE_CHECKING:
    from optimizer.facts.effects.commands import Reading
    from optimizer.knowledge.effects import Deed

Grammar = Callable[["Deed", list[str], "Reading"], bool]

GRAMMARS: Final[dict[str, Grammar]] = {
    "copy": files.copy,
    "link": files.link,
    "owner": files.owner,
    "mode": files.mode,
    "account": files.account,
    "tar": contents.tar,
    "find": files.find,
    "stream": contents.stream,
    "test": files.test,
    "download": contents.download,
    "clone": contents.clone,
    "unzip": contents.unzip,
    "packed": contents.packed,
    "zip": contents.zip_archive,
    "looked-up": files.looked_up,
    "requirements": builds.requirements,
    "outputs": builds.outputs,
    "targets": builds.targets,
    "remote-packages": builds.remote_packages,
    "compile": builds.compile,
    "folders": files.folders,
    "version": builds.script_only,
    "package-files": builds.package_files,
    "row": builds.nothing_unread,
}
