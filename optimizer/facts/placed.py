"""TEMPORARY until the context facts land."""

from __future__ import annotations
import posixpath
from collections.abc import Mapping
from optimizer.facts.copies import Copy, is_remote, normalised


def placed(context, copy: Copy) -> Mapping[str, str] | None:  # type: ignore
    if context is None or copy.destination is None or copy.excludes or copy.parents or copy.origin is not None:
        return None
    found = {}
    for source in copy.sources:
        if source is None or is_remote(source) or "[" in source:
            return None
        import fnmatch

        name = normalised(source)
        files = context.files
        if name in files:
            names = [name]
        elif "*" in name or "?" in name:
            names = [f for f in files if fnmatch.fnmatch(f, name) and f.count("/") == name.count("/")]
            if not names:
                return None
        else:
            prefix = "" if name == "." else name + "/"
            inside = [f for f in files if f.startswith(prefix)]
            if not inside:
                return None
            for f in inside:
                found[posixpath.join(copy.destination, f[len(prefix) :])] = f
            continue
        for n in names:
            target = (
                posixpath.join(copy.destination, posixpath.basename(n))
                if copy.into_folder or len(names) > 1
                else copy.destination
            )
            found[target] = n
    return found
