"""The .NET tools: the folder that `dotnet publish` fills.

Sources: dotnet publish (documentation of .NET 8 to 10); SDK properties AssemblyName, PublishSingleFile, SelfContained.
"""

from __future__ import annotations

from optimizer.facts.calls import Call
from optimizer.facts.stacks.site import Product, Site

_OWN = ("--self-contained", "--sc", "-p:PublishSingleFile=true", "/p:PublishSingleFile=true", "-p:PublishAot=true")


def dotnet(site: Site, call: Call) -> tuple[Product, ...] | None:
    """What `dotnet publish` makes; None for another verb."""
    if call.name != "dotnet" or len(call.words) < 2 or call.words[1].literal != "publish":
        return None
    words = [word.text for word in call.words]
    if words[-2:] == ["--self-contained", "false"] or "--self-contained=false" in words:
        words = [word for word in words if not word.startswith("--self-contained")]
    if any(word.startswith(_OWN) for word in words) or "-r" in words or "--runtime" in words:
        raise site.unknown("it is published for itself, which needs another image than the one that holds a runtime")
    at = next((n for n, word in enumerate(words) if word in ("-o", "--output")), None)
    if at is None or at + 1 >= len(words):
        raise site.unknown("where `dotnet publish` writes is not said: `-o` would tell")
    if not site.scope.as_root:
        raise site.unknown("the folder that `dotnet publish` makes belongs to another user than root")
    path = site.path(call.words[at + 1])
    if path is None:
        raise site.unknown("where `dotnet publish` writes is not known")
    return (Product(path.rstrip("/")),)
