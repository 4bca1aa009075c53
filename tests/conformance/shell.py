"""A shell that runs nothing: it walks shfmt's tree of a script and notes each command with the state it would run in.

How each command ends is told by a scenario, so what a script does on success and on failure can be compared. It shares
no code with dockopt. What it cannot know (a function's arguments, a glob, `eval`) stays text.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Callable, Sequence
from copy import deepcopy

from tests.conformance.script import Tree, literal, tree_of
from tests.conformance.state import State, Step


class _Left(Exception):
    """The script is left: `exit`, `exec`, or a failure under `set -e`."""

    def __init__(self, status: int) -> None:
        self.status = status


class _Returned(_Left):
    """`return`, `break` and `continue`."""


def run(text: str, state: State, ends: Callable[[str], int]) -> tuple[list[Step], int]:
    """The steps of a script and its exit status; `ends` tells the status of a command. Raises UnreadableError."""
    shell = _Shell(ends)
    return shell.steps, shell.script(text, state)


class _Shell:
    def __init__(self, ends: Callable[[str], int]) -> None:
        self.steps: list[Step] = []
        self.ends = ends
        self.data = b""

    def script(self, text: str, state: State) -> int:
        outer, self.data = self.data, text.encode("utf-8", "surrogateescape")
        try:
            status = self.several(tree_of(text).get("Stmts", ()), state, soft=False)
        except _Left as left:
            status = left.status
        finally:
            self.data = outer
        return self._trapped(state, status)

    def _trapped(self, state: State, status: int) -> int:
        if trap := state.trap:
            state.trap, state.around = "", (*state.around, "at the end")
            self.script(trap, state)
        return status

    def several(self, statements: Sequence[Tree], state: State, *, soft: bool) -> int:
        status = 0
        for statement in statements:
            status = self.statement(statement, state, soft=soft)
        return status

    def statement(self, node: Tree, state: State, *, soft: bool) -> int:
        negated = bool(node.get("Negated"))
        if node.get("Background"):
            self._apart([{**node, "Background": False}], state, "&")
            return 0
        redirects = tuple(self._redirect(one) for one in node.get("Redirs", ()))
        command = node.get("Cmd")
        outer = state.around
        if negated:
            state.around = (*state.around, "!")
        if command is None or command["Type"] in ("CallExpr", "DeclClause", "TestClause", "ArithmCmd", "LetClause"):
            status = self.simple(command, redirects, state, soft=soft or negated)
        else:
            state.around = (*state.around, *redirects)
            status = self.compound(command, state, soft=soft or negated)
        state.around = outer
        status = int(not status) if negated else status
        lists = command is not None and command["Type"] == "BinaryCmd" and command["Op"] in ("&&", "||")
        if status and not soft and not negated and not lists and "e" in state.options:
            raise _Left(status)
        return status

    def compound(self, node: Tree, state: State, *, soft: bool) -> int:
        match node["Type"]:
            case "BinaryCmd":
                return self._binary(node, state, soft=soft)
            case "Subshell":
                return self._apart(node["Stmts"], state, "", soft=soft)
            case "Block":
                return self.several(node["Stmts"], state, soft=soft)
            case "IfClause":
                return self._if(node, state, soft=soft)
            case "FuncDecl":
                state.functions[node["Name"]["Value"]] = node["Body"]
                return 0
            case "ForClause" | "WhileClause":
                return self._loop(node, state, soft=soft)
            case "CaseClause":
                return self._case(node, state)
            case "TimeClause" if node.get("Stmt"):
                return self.statement(node["Stmt"], state, soft=soft)
            case _:
                return self._step(self._source(node), state)

    def _binary(self, node: Tree, state: State, *, soft: bool) -> int:
        left, right, operator = node["X"], node["Y"], node["Op"]
        if operator in ("&&", "||"):
            status = self.statement(left, state, soft=True)
            return self.statement(right, state, soft=soft) if (status == 0) == (operator == "&&") else status
        first = self._apart([left], state, operator)
        second = self._apart([right], state, f"behind {operator}")
        return second or (first if "pipefail" in state.options else 0)

    def _apart(self, statements: Sequence[Tree], state: State, around: str, *, soft: bool = False) -> int:
        """In a shell of its own: what it changes is forgotten."""
        inner = deepcopy(state)
        inner.trap = ""
        inner.around = (*state.around, around) if around else state.around
        try:
            status = self.several(statements, inner, soft=soft)
        except _Left as left:
            status = left.status
        return self._trapped(inner, status)

    def _if(self, node: Tree, state: State, *, soft: bool) -> int:
        if "Cond" not in node or self.several(node["Cond"], state, soft=True) == 0:
            return self.several(node["Then"], state, soft=soft)
        return self._if(node["Else"], state, soft=soft) if node.get("Else") else 0

    def _loop(self, node: Tree, state: State, *, soft: bool) -> int:
        loop = node.get("Loop", {})
        name = loop.get("Name", {}).get("Value", "") if node["Type"] == "ForClause" else ""
        status = 0
        for item in [self._word(word) for word in loop.get("Items", ())] or [""]:
            if name:
                state.variables[name] = item
            elif self.several(node.get("Cond", ()), state, soft=True) != int(bool(node.get("Until"))):
                break
            try:
                status = self.several(node["Do"], state, soft=soft)
            except _Returned as left:
                return left.status
        return status

    def _case(self, node: Tree, state: State) -> int:
        """All branches, each as if it were taken; how they end is not known."""
        for item in node.get("Items", ()):
            patterns = "|".join(self._word(word) for word in item["Patterns"])
            self._apart(item.get("Stmts", ()), state, f"case {self._word(node['Word'])} {patterns}", soft=True)
        return 0

    def simple(self, node: Tree | None, redirects: tuple[str, ...], state: State, *, soft: bool) -> int:
        if node is None:
            return self._step(" ".join(redirects), state)
        if node["Type"] == "DeclClause":
            self._assign(node["Args"], state, exported=node["Variant"]["Value"] == "export")
            return 0
        if node["Type"] != "CallExpr":
            return self._step(" ".join([self._source(node), *redirects]), state)
        words = [self._word(word) for word in node.get("Args", ())]
        if not words:
            self._assign(node["Assigns"], state, exported=False)
            inner = [self._source(a["Value"]) for a in node["Assigns"] if a.get("Value")]
            calls = [value for value in inner if "$(" in value or "`" in value]
            return self._step(" ".join(calls), state) if calls else 0
        prefix = [f"{a['Name']['Value']}={self._value(a)}" for a in node.get("Assigns", ())]
        return self._call([*prefix, *words, *redirects], words, state, soft=soft)

    def _call(self, texts: list[str], words: list[str], state: State, *, soft: bool) -> int:
        text, name, rest = " ".join(texts), words[0], words[1:]
        match name:
            case "exit" | "return" | "break" | "continue":
                status = int(rest[0]) if rest and rest[0].isdigit() else 0
                raise (_Left if name == "exit" else _Returned)(status)
            case "true" | ":":
                return 0
            case "cd":
                status = self._step(text, state)
                return status or self._moved(rest[-1] if rest else "~", state)
            case "umask" if rest:
                state.umask = rest[-1].rjust(3, "0")
            case "set" | "shopt":
                return self._set(rest, state)
            case "unset":
                for one in rest:
                    state.variables.pop(one, None)
                    state.environment = {k: v for k, v in state.environment.items() if k != one}
            case "trap" if len(rest) > 1 and {"EXIT", "0"} & set(rest[1:]):
                state.trap = "" if rest[0] == "-" else shlex.split(rest[0])[0] if rest[0][:1] in "'\"" else rest[0]
            case "exec" if rest:
                raise _Left(self._step(text, state))
            case _ if name in state.functions:
                return self._function(name, rest, state, soft=soft)
            case _:
                status = self._step(text, state)
                if name in (".", "source", "eval", "pushd", "popd", "alias"):
                    state.before += f" {text};"
                return status
        return 0

    @staticmethod
    def _moved(folder: str, state: State) -> int:
        here, there = state.folder, state.variables.get("OLDPWD", "-") if folder == "-" else folder
        state.folder = posixpath.normpath(posixpath.join(here, there))
        state.variables["OLDPWD"] = here
        return 0

    def _function(self, name: str, words: list[str], state: State, *, soft: bool) -> int:
        body = state.functions[name]
        state.variables["@"] = " ".join(words)
        depth = state.around.count(f"{name}()")
        if depth:
            return self._step(" ".join([name, *words]), state)
        outer, state.around = state.around, (*state.around, f"{name}()")
        try:
            return self.statement(body, state, soft=soft)
        except _Returned as left:
            return left.status
        finally:
            state.around = outer

    def _set(self, words: list[str], state: State) -> int:
        at = 0
        while at < len(words) and words[at] not in ("--", "-"):
            word, change = words[at], state.options.discard if words[at][0] == "+" else state.options.add
            if word in ("-o", "+o", "-s", "-u") and at + 1 < len(words):
                at += 1
                if words[at] == "pipefail" and not state.has_pipefail:
                    raise _Left(2)
                change({"errexit": "e", "nounset": "u"}.get(words[at], words[at]))
            elif word[0] in "-+":
                for letter in word[1:].replace("o", ""):
                    change(letter)
                if "o" in word[1:] and at + 1 < len(words):
                    words = [*words[: at + 1], word[0] + "o", *words[at + 1 :]]
            else:
                state.variables["@"] = " ".join(words[at:])
                break
            at += 1
        return 0

    def _assign(self, assigns: Sequence[Tree], state: State, *, exported: bool) -> None:
        for one in assigns:
            if not (name := one.get("Name", {}).get("Value")):
                continue
            if not one.get("Naked"):
                state.variables[name] = state.variables.get(name, "") * bool(one.get("Append")) + self._value(one)
            if exported or name in state.environment:
                state.exported.add(name)

    def _step(self, text: str, state: State) -> int:
        read = {name for name in state.variables if re.search(rf"\$\{{?#?{re.escape(name)}", text)}
        shown = {**{n: v for n, v in state.variables.items() if n in state.exported or n in read}}
        if state.before:
            shown["(before)"] = state.before.strip()
        step = Step(
            text,
            state.folder,
            state.user,
            state.umask,
            state.shell,
            " ".join(sorted(state.options - {"e", "x", "v"})),
            tuple(sorted(shown.items())),
            tuple(sorted(state.environment.items())),
            state.flags,
            state.around,
            state.number,
        )
        self.steps.append(step)
        return self.ends(text)

    def _value(self, assign: Tree) -> str:
        return self._word(assign["Value"]) if assign.get("Value") else self._source(assign).partition("=")[2]

    def _word(self, node: Tree) -> str:
        """The value of a word where it has one; else its source."""
        value = literal(node["Parts"])
        if value is None or re.search(r"[\s'\"$`\\;&|<>()*?\[~{}]", value):
            return self._source(node)
        return value or "''"

    def _redirect(self, node: Tree) -> str:
        text: str = node.get("N", {}).get("Value", "") + node["Op"] + self._word(node["Word"])
        return text + (f"({self._source(node['Hdoc'])})" if node.get("Hdoc") else "")

    def _source(self, node: Tree) -> str:
        raw = self.data[node["Pos"]["Offset"] : node["End"]["Offset"]]
        return bytes(raw).decode("utf-8", "surrogateescape")
