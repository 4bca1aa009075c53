"""What the shell parser reads, what it refuses, and that its tree is the source to the byte."""

from __future__ import annotations

import re
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.syntax.joined import Joined
from optimizer.syntax.nodes import Command, Compound, Gap, Node, Redirect, ShellScript, Word, source
from optimizer.syntax.shell import parse_script
from tests.oracles.shfmt import outline, spans_by_shfmt_of, spans_by_us, valid


def read(text: str, heredocs: tuple[str, ...] | None = None) -> ShellScript | None:
    return parse_script(Joined(text, text, (0,), (0,)), 0, len(text), heredocs)


def joined(*pieces: tuple[str, str]) -> Joined:
    """Joined text made of (text, what the source drops behind it)."""
    text, file, starts, origins = "", "", [], []
    for piece, dropped in pieces:
        starts.append(len(text))
        origins.append(len(file))
        text += piece
        file += piece + dropped
    return Joined(text, file, tuple(starts), tuple(origins))


def dump(node: Node) -> str:
    """The tree in one line: words bare, operators in <>, reserved words in upper case, gaps as they are long."""
    match node:
        case Gap():
            return "_" if node.raw == " " else repr(node.raw)
        case Word():
            return node.text + "".join(f"«{dump(script)}»" for script in node.scripts)
        case Redirect():
            return f"<{node.operator.text}{'' if node.gap is None else dump(node.gap)}{dump(node.target)}>"
        case ShellScript() | Command() | Compound():
            inside = " ".join(dump(part) for part in node.parts)
            return (
                inside
                if isinstance(node, ShellScript)
                else f"({inside})"
                if isinstance(node, Command)
                else f"[{inside}]"
            )
        case _:
            text: str = getattr(node, "text")  # noqa: B009
            return type(node).__name__[0].lower() + ":" + text.replace("\n", "\\n")


TREES = {
    "a b": "(a _ b)",
    " a  b ": "_ (a '  ' b) _",
    "a&&b||c": "(a) o:&& (b) o:|| (c)",
    "a | b |& c": "(a) _ o:| _ (b) _ o:|& _ (c)",
    "a; b & c &": "(a) o:; _ (b) _ o:& _ (c) _ o:&",
    "! a | b": "r:! _ (a) _ o:| _ (b)",
    "A=1 B+=2 c": "(A=1 _ B+=2 _ c)",
    "a=(x 'y z' $(b)) c": "(a=(x 'y z' $(b))«(b)» _ c)",
    "export a=(x)": "(export _ a=(x))",
    "a # b; c": "(a) _ c:# b; c",
    "a#b": "(a#b)",
    "a;#b": "(a) o:; c:#b",
    "a 2>&1 >f c": "(a _ <2>&1> _ <>f> _ c)",
    "a > f": "(a _ <>_f>)",
    ">f": "(<>f>)",
    "a &>f &>> g": "(a _ <&>f> _ <&>>_g>)",
    "a {fd}>f <<<$x": "(a _ <{fd}>f> _ <<<<$x>)",
    "a2>f": "(a2 <>f>)",
    "a >&- <&3": "(a _ <>&-> _ <<&3>)",
    "a < <(b) > >(c)": "(a _ <<_<(b)«(b)»> _ <>_>(c)«(c)»>)",
    "(a)": "[o:( (a) o:)]",
    "( (a); b) >f": "[o:( _ [o:( (a) o:)] o:; _ (b) o:) _ <>f>]",
    "{ a; } 2>f": "[r:{ _ (a) o:; _ r:} _ <2>f>]",
    "if a; then b; elif c; then d; else e; fi": (
        "[r:if _ (a) o:; _ r:then _ (b) o:; _ r:elif _ (c) o:; _ r:then _ (d) o:; _ r:else _ (e) o:; _ r:fi]"
    ),
    "while a; do b; done <f": "[r:while _ (a) o:; _ r:do _ (b) o:; _ r:done _ <<f>]",
    "until (a) do b; done": "[r:until _ [o:( (a) o:)] _ r:do _ (b) o:; _ r:done]",
    "for x in a $b; do c; done": "[r:for _ x _ r:in _ a _ $b o:; _ r:do _ (c) o:; _ r:done]",
    "for x do c; done": "[r:for _ x _ r:do _ (c) o:; _ r:done]",
    "for x; do c; done": "[r:for _ x o:; _ r:do _ (c) o:; _ r:done]",
    "for ((i=0; i<3; i++)); do a; done": "[r:for _ o:(( i=0; i<3; i++ o:)) o:; _ r:do _ (a) o:; _ r:done]",
    "select x in a; do b; done": "[r:select _ x _ r:in _ a o:; _ r:do _ (b) o:; _ r:done]",
    "case $x in a|b) c;; (*) d ;& e) esac": (
        "[r:case _ $x _ r:in _ a o:| b o:) _ (c) o:;; _ o:( * o:) _ (d) _ o:;& _ e o:) _ r:esac]"
    ),
    "case a in esac": "[r:case _ a _ r:in _ r:esac]",
    "f() { a; } && b": "[f o:( o:) _ [r:{ _ (a) o:; _ r:}]] _ o:&& _ (b)",
    "f ( ) (a)": "[f _ o:( _ o:) _ [o:( (a) o:)]]",
    "function f { a; }": "[r:function _ f _ [r:{ _ (a) o:; _ r:}]]",
    "function f() { a; }": "[r:function _ f o:( o:) _ [r:{ _ (a) o:; _ r:}]]",
    "[ -f a ] && b": "([ _ -f _ a _ ]) _ o:&& _ (b)",
    "[[ -f a && ! ( $b == c* || d ) ]]": (
        "[r:[[ _ o:-f _ a _ o:&& _ o:! _ o:( _ $b _ o:== _ c* _ o:|| _ d _ o:) _ r:]]]"
    ),
    "[[ $a =~ ^(x|y)+$ ]]": "[r:[[ _ $a _ o:=~ _ ^(x|y)+$ _ r:]]]",
    "[[ $a == @(x|y) ]]": "[r:[[ _ $a _ o:== _ @(x|y) _ r:]]]",
    "(( i += 1 )) || a": "[o:(( _ i += 1 _ o:))] _ o:|| _ (a)",
    "((a) || b)": "[o:( [o:( (a) o:)] _ o:|| _ (b) o:)]",
    "a $(b $(c)) `d`": "(a _ $(b $(c))«(b _ $(c)«(c)»)» _ `d`«(d)»)",
    "a `# why` b": "(a _ `# why`«c:# why» _ b)",
    'a "x $(b "y z") w"': 'a "x $(b "y z") w"«(b _ "y z")»'.join("()").replace("a ", "a _ ", 1),
    "a $((1+$(b)))": "(a _ $((1+$(b)))«(b)»)",
    "a $((b) | c)": "(a _ $((b) | c)«[o:( (b) o:)] _ o:| _ (c)»)",
    "a ${x:-$(b)}/c": "(a _ ${x:-$(b)}/c«(b)»)",
    "a ${x/\\}/y} ${x#'}'}z": "(a _ ${x/\\}/y} _ ${x#'}'}z)",
    "a ${x^^} ${x:0:3} ${x[@]} ${#x} ${!x} $'b\\n' $\"c\"": (
        "(a _ ${x^^} _ ${x:0:3} _ ${x[@]} _ ${#x} _ ${!x} _ $'b\\n' _ $\"c\")"
    ),
    "a \\  b\\ c": "(a _ \\  _ b\\ c)",
    "a {} {b,c} x{1..3}": "(a _ {} _ {b,c} _ x{1..3})",
    "echo if then { }": "(echo _ if _ then _ { _ })",
    "a=1 if": "(a=1 _ if)",
    "$(<f)": "($(<f)«(<<f>)»)",
    "a\n\n# b\nc": "(a) o:\\n o:\\n c:# b o:\\n (c)",
    "a &&\n b": "(a) _ o:&& o:\\n _ (b)",
    "a \\\n  b\\\nc\\\n&& d": "(a ' \\\\\\n  ' b\\\nc) '\\\\\\n' o:&& _ (d)",
    "cat <<EOF | b\n$(x)\nEOF\nc": "(cat _ <<<EOF>) _ o:| _ (b) o:\\n o:$(x)\\nEOF\\n (c)",
    "cat <<-'a b' <<\\C\n\tx\n\ta b\ny\nC": "(cat _ <<<-'a b'> _ <<<\\C>) o:\\n o:\tx\\n\ta b\\n o:y\\nC",
    "{ cat <<E\nE\n}": "[r:{ _ (cat _ <<<E>) o:\\n o:E\\n r:}]",
    "a $(cat <<E\nx\nE\n)": "(a _ $(cat <<E\nx\nE\n)«(cat _ <<<E>) o:\\n o:x\\nE\\n»)",
    "": "",
    " # a": "_ c:# a",
}


@pytest.mark.parametrize("text", TREES)
def test_the_tree_of_a_script(text: str) -> None:
    tree = read(text)
    assert tree is not None
    assert dump(tree) == TREES[text]
    assert source(tree) == text


KINDS = {
    "{ a; }": "{",
    "(a)": "(",
    "((a))": "((",
    "[[ a ]]": "[[",
    "if a; then b; fi": "if",
    "for a do b; done": "for",
    "while a; do b; done": "while",
    "case a in b) esac": "case",
    "f() (a)": "function",
    "function f { a; }": "function",
}


@pytest.mark.parametrize("text", KINDS)
def test_a_compound_command_knows_its_kind(text: str) -> None:
    tree = read(text)
    assert tree is not None
    (compound,) = tree.parts
    assert isinstance(compound, Compound)
    assert compound.kind == KINDS[text]


@pytest.mark.parametrize(
    ("redirect", "expected"),
    [
        ("<<E", True),
        ("<<-E", True),
        ("3<<E", True),
        ("{fd}<<E", True),
        ("{fd}<<-'E'", True),
        ("<<<E", False),
        ("{fd}<<<E", False),
        ("{fd}<E", False),
        ("<&3", False),
    ],
)
def test_a_redirect_knows_whether_it_is_a_heredoc(redirect: str, expected: bool) -> None:
    tree = read(f"a {redirect}\n" + ("E\n" if expected else ""))
    assert tree is not None
    (command,) = (part for part in tree.parts if isinstance(part, Command))
    (found,) = command.redirects
    assert found.is_heredoc is expected


REFUSED = [
    *("a\0b", "a\rb", "'a", '"a', "`a", "$(a", "${a", "$((a", "a)", "(a", "{ a;", "{ a }", "a }x; }", "a \\"),
    *(
        "a &&",
        "&& a",
        "a | | b",
        "; a",
        "a ;; b",
        "a & ; b",
        "a ; ; b",
        "!",
        "! ! a",
        "a | ! b",
        "a >",
        "a > ; b",
        "a > > b",
    ),
    *("if a; then fi", "if a; fi", "if a then b; fi", "then a", "while a; do done", "for 1 in a; do b; done"),
    *(
        "for x in a do b; done",
        "for x in a; b; done",
        "case a b) esac",
        "case a in b c) esac",
        "case a in b) c",
        "()",
        "{ }",
    ),
    *(
        "(a) b",
        "(a)(b)",
        "{ a; } b",
        "{ a; } >f }",
        "f() a",
        "f() {",
        "a f() { b; }",
        "echo a=(b)",
        "a=(b",
        "a=(b)c",
        "a=((b))",
    ),
    *("[[ a", "[[ ]]", "[[ a b ]]", "[[ a == ]]", "[[ -f ]]", "[[ a && ]]", "[[ (a ]]", "[[ a\nb ]]"),
    *(
        "time a",
        "coproc a",
        "!(a)",
        "ls @(a|b)",
        "a $[1+2]",
        "a${",
        "${}",
        "${a b}",
        "${{ a }}",
        "${a:-{}",
        '"${a:-\'}"',
    ),
    *(
        "a `b \\`c\\``",
        "a `b \\$c`",
        "`a",
        "a<(b)",
        "2>1>b",
        "a[1 + 2]=3",
        "a=([b c])",
        '"${x:-<(}"',
        "for ((a;b)); do c; done",
        "((a b))",
        "(( find / | xargs rm ))",
    ),
    *(
        "cat <<EOF",
        "cat <<EOF\nx",
        "cat <<EOF\nx\\\nEOF\n",
        "cat <<EO\\\nF\nEOF",
        "cat <<$(a)\nb\n",
        "cat <<''\n\n",
        "$(cat <<E)\nE\n",
    ),
    *(
        "cat <<E 'a\nE\n'",
        "th\\\nen",
        "i\\\nf a; then b; fi",
        "2\\\n>f",
        ">\\\n>f",
        "a &\\\n& b",
        "(\\\n(a))",
        "$\\\n(a)",
    ),
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_certain_is_refused(text: str) -> None:
    assert read(text) is None


ENDLESS = [
    "(",
    "$(",
    "((",
    "$((",
    "${a:-",
    '"$(',
    "{ ",
    "if ",
    "[[ (",
    "`",
    "a=(",
    "! ",
    "f() ",
    "<(",
    "while ",
    "case a in a) ",
]


@pytest.mark.parametrize("opening", ENDLESS)
def test_deep_nesting_neither_raises_nor_takes_long(opening: str) -> None:
    assert read(opening * 19_999) is None
    read(opening * 20_000 + "a" + ")" * 40_000)


def test_nested_arithmetic_that_is_none_takes_no_exponential_time() -> None:
    assert read("a " + "$((" * 18 + "b" + ") )" * 18) is not None


@pytest.mark.parametrize(
    ("text", "heredocs"),
    [
        ("cat <<EOF", ("EOF",)),
        ("cat <<-'EOF' <<\"a b\" && x", ("EOF", "a b")),
        ("(cat <<E)", ("E",)),
        ("a", ()),
    ],
)
def test_the_heredocs_taken_out_of_the_text_are_found_again(text: str, heredocs: tuple[str, ...]) -> None:
    assert read(text, heredocs) is not None


@pytest.mark.parametrize(
    ("text", "heredocs"),
    [
        ("cat <<EOF", ()),
        ("cat <<EOF", ("EOF2",)),
        ("cat <<EOF", ("EOF", "B")),
        ("cat <<A <<B", ("B", "A")),
        ("a $((1 << 3))", ("3))",)),
        ("a # <<EOF", ("EOF",)),
        ("$(cat <<EOF )", ("EOF",)),
        ("cat <<EOF\nx\nEOF\n", ("EOF",)),
    ],
)
def test_heredocs_that_do_not_fit_are_refused(text: str, heredocs: tuple[str, ...]) -> None:
    assert read(text, heredocs) is None


CONTINUED = [
    ((("foo", "\\\n"), ("&& b", "")), "(foo) '\\\\\\n' o:&& _ (b)"),
    ((("fo", "\\\n"), ("o", "")), "(foo)"),
    ((("a ", "\\\n# c\n\n"), ("  b", "")), "(a ' \\\\\\n# c\\n\\n  ' b)"),
    ((("a &", "\\\n"), ("& b", "")), "(a) _ o:&& _ (b)"),
    ((("a 2", "\\\n"), (">", "\\\n"), ("f", "")), "(a _ <2>'\\\\\\n'f>)"),
    ((("a", "\\\n"), ("", "\\\n"), (" b", "")), "(a '\\\\\\n\\\\\\n ' b)"),
    ((("(", "\\\n"), ("a", "\\\n"), (")", "")), "[o:( '\\\\\\n' (a) '\\\\\\n' o:)]"),
    ((("a # b ", "\\\n"), ("c", "")), "(a) _ c:# b c"),
    ((("a '", "\\\n"), ("'", "\\\n"), (" b", "")), "(a _ '' '\\\\\\n ' b)"),
    ((("a $(b ", "\\\n"), ("c)", "\\\n"), (";", "")), "(a _ $(b c)«(b ' \\\\\\n' c)») '\\\\\\n' o:;"),
    ((("a;", "\\\n"), ("", "")), "(a) o:;"),
]


@pytest.mark.parametrize(("pieces", "expected"), CONTINUED)
def test_what_the_join_drops_stands_in_gaps_or_inside_tokens(
    pieces: tuple[tuple[str, str], ...], expected: str
) -> None:
    whole = joined(*pieces)
    tree = parse_script(whole, 0, len(whole.text), ())
    assert tree is not None
    assert dump(tree) == expected
    assert source(tree) == whole.file.removesuffix("\\\n")


def test_a_script_in_the_middle_covers_its_own_source_only() -> None:
    whole = joined(("RUN ", "\\\n"), ("a ", "\\\n"), ("b", "\\\n"), (" c", ""))
    tree = parse_script(whole, 4, 7, ())
    assert tree is not None
    assert source(tree) == "a \\\nb"


NAMES = ["a", "b1", "apt-get", "x_y", "./c.sh", "-y", "--opt=1", "é", "in", "do", "1", "a=b"]
COMMANDS = ["a", "apt-get", "./c.sh", "echo", "[", "\\if", "'if'", "é"]
QUOTED = ["'a b'", "'#'", '"a b"', '"$x"', '"${x:-y}"', "\\ ", "\\;", '"\\""', "''", '"it\'s"', "'\"'"]
EXPANDED = ["$x", "${x}", "${x:-y z}", "${x%%.*}", "$1", "$?", "${#x}", "$((1+2))", "*.c", "{a,b}", "~", '"$"']
REDIRECTS = [">f", "2>&1", "> f", "<f", ">>f", "2> /dev/null", ">&2", "<&-"]
BASHISMS = [
    *("[[ $x == a* && -f b ]]", "(( x + 1 ))", "a=(b 'c d')", "a <<<b", "a &>f", "a <(b) >(c)", "a |& b", "a $'b'"),
    *("function g { a; }", "for ((i=0;i<2;i++)); do a; done", "echo ${x//a/b} ${x^} ${x[1]} ${x:0:2}", "a+=(b)"),
]
FORMS = [
    *(
        "( {1})",
        "{{ {1}; }}",
        "( {1}) {r}",
        "if {1}; then {2}; fi",
        "if {1}; then {2}; elif {1}; then {2}; else {1}; fi {r}",
    ),
    *("while {1}; do {2}; done", "for v in {w} {w}; do {1}; done", "for v do {1}; done", "f() {{ {1}; }}"),
    *("case {w} in {w}) {1};; (b|c) {2} ;; *) ;; esac", "! {0}", "case {w} in {w}) {1}; esac"),
]


class Writer:
    """Writes scripts out of pieces that the parser must know."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.pick = self.random.choice

    def word(self, depth: int) -> str:
        word = ""
        for _ in range(self.random.randint(1, 3)):
            kind = self.random.random()
            if depth and kind < 0.15:
                word += self.pick(["$( {})", '"-$( {})-"', "$({} )"]).format(self.simple(depth - 1))
            elif depth and kind < 0.2:
                word += f'"$( {self.script(depth - 1)})"'
            elif depth and kind < 0.25:
                word += "`" + re.sub(r"\\.", "-", self.simple(0)) + "`"
            else:
                word += self.pick(self.pick([NAMES, NAMES, QUOTED, EXPANDED]))
        return word

    def simple(self, depth: int) -> str:
        parts = [f"V={self.word(depth)}"] if self.random.random() < 0.2 else []
        parts.append(self.pick(COMMANDS))
        count = self.random.randint(0, 3)
        parts += [self.pick(REDIRECTS) if self.random.random() < 0.2 else self.word(depth) for _ in range(count)]
        return self.pick([" ", "  ", "\t"]).join(parts)

    def command(self, depth: int) -> str:
        if not depth or self.random.random() < 0.5:
            return self.simple(depth)
        inner = self.script(depth - 1), self.script(depth - 1)
        return self.pick(FORMS).format(self.simple(depth - 1), *inner, w=self.word(0), r=self.pick(REDIRECTS))

    def script(self, depth: int) -> str:
        script = self.command(depth)
        for _ in range(self.random.randint(0, 2)):
            command = self.command(depth)
            operators = [" && ", "&&", "; ", ";", " & ", " || "] + ([] if command.startswith("! ") else [" | "])
            script += self.pick(operators) + command
        return script


SEEDS = st.integers(0, 2**32)


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_posix_scripts_are_read_as_shfmt_reads_them(seed: int) -> None:
    write = Writer(seed)
    texts = [write.script(2) for _ in range(60)]
    assert valid("\n".join(texts), "bash")
    assert valid("\n".join(texts), "dash")
    check_against_shfmt(texts)


@settings(max_examples=5, deadline=None)
@given(SEEDS)
def test_bash_scripts_are_read_as_shfmt_reads_them(seed: int) -> None:
    write = Writer(seed)
    texts = [write.pick(["\n", " && ", "; "]).join([write.pick(BASHISMS), write.script(1)]) for _ in range(60)]
    assert valid("\n".join(texts), "bash")
    check_against_shfmt(texts)


def check_against_shfmt(texts: list[str]) -> None:
    for text, theirs in zip(texts, spans_by_shfmt_of(texts), strict=True):
        tree = read(text)
        assert tree is not None, text
        assert source(tree) == text
        assert spans_by_us(tree) == theirs, text


SCRAPS = [
    "a",
    " ",
    "&&",
    ";",
    "|",
    "(",
    ")",
    "{ ",
    "; }",
    '"',
    "'",
    "`",
    "$(",
    "${",
    "}",
    "$((",
    "))",
    "if ",
    "; then ",
    "; fi",
]
SCRAPS += [
    "#",
    "\\",
    "\n",
    "<<E",
    "\nE\n",
    ">f",
    "2>&1",
    "[[ ",
    " ]]",
    "case a in ",
    ";;",
    "esac",
    "x=",
    "*",
    "=(",
    "$x",
    "! ",
]
SCRAPS += [
    "for x in ",
    "; do ",
    "; done",
    "f() ",
    "\\\n",
    "time ",
    "<(",
    "&>",
    "<<<",
    "@(",
    "$'",
    '$"',
    "é",
    "\t",
    "while ",
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(SCRAPS), max_size=12).map("".join))
def test_no_text_is_accepted_that_bash_rejects(text: str) -> None:
    tree = read(text)
    if tree is not None:
        assert source(tree) == text
        assert valid(text)


@settings(max_examples=300, deadline=None)
@given(
    SEEDS,
    st.lists(st.tuples(st.integers(0, 400), st.sampled_from(["\\\n", "\\ \n", "\\\n# c\n", "`\r\n\n"])), max_size=6),
)
def test_continuations_change_nothing_but_the_source(seed: int, cuts: list[tuple[int, str]]) -> None:
    text = Writer(seed).script(2)
    places = sorted((min(at, len(text)), dropped) for at, dropped in cuts)
    pieces, start = [], 0
    for at, dropped in places:
        pieces.append((text[start:at], dropped))
        start = at
    whole = joined(*pieces, (text[start:], ""))
    tree, plain = parse_script(whole, 0, len(text), ()), read(text)
    assert tree is not None
    assert plain is not None
    assert outline(tree) == outline(plain)
    assert source(tree) == whole.file[whole.origin(0) : whole.span(0, len(text))[1]]


@settings(max_examples=300, deadline=None)
@given(SEEDS, st.lists(st.integers(0, 400), min_size=1, max_size=3))
def test_a_continuation_in_the_text_itself_never_misleads(seed: int, places: list[int]) -> None:
    text = Writer(seed).script(2).replace("'", "").replace("#", "")
    plain = read(text)
    if plain is None:
        return
    continued = text
    for at in sorted((min(at, len(text)) for at in places), reverse=True):
        if text[:at].endswith("\\"):
            continue
        continued = continued[:at] + "\\\n" + continued[at:]
    tree = read(continued)
    if tree is not None:
        assert [(kind, part.replace("\\\n", "")) for kind, part in outline(tree)] == outline(plain)
        assert source(tree) == continued
