"""Steps that harden an image: what the check lets come, and what it does not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from optimizer.engine import optimize
from optimizer.facts import Facts
from optimizer.facts.context import Given
from optimizer.knowledge.hardening import hardening
from optimizer.transform import Declined, Proposal, Safety, Transform, transform
from transforms import non_root_user, setuid_bits

FILE = """\
FROM debian:bookworm-slim
WORKDIR /app
COPY . .
RUN mkdir /data
CMD ["tool"]
"""
MAKES = "RUN useradd --system --no-create-home app && chown app:app /app\n"


def rewriting(new: str) -> Transform:
    """A transform that gives the file another text, within the leeway for hardening."""

    def lie(facts: Facts) -> Iterator[Proposal | Declined]:
        """Lies. Safety: none. Sources: none."""
        instructions = list(facts.sources)
        if facts.text != new:
            yield Proposal(instructions[1], "it says so", {instructions[0]: new, **dict.fromkeys(instructions[1:], "")})

    return transform(Safety.SAFE, may_change={"layers"}, leeway={"hardening"})(lie)


@pytest.mark.parametrize(
    "new",
    [
        FILE.replace("CMD", "USER nobody-knows\nCMD"),
        FILE.replace("RUN mkdir", f"{MAKES}USER app\nRUN mkdir"),
        FILE.replace("CMD", MAKES.replace("/app", "/etc") + "USER app\nCMD"),
        FILE.replace("CMD", MAKES.replace("chown", "chown -R") + "USER app\nCMD"),
        FILE.replace("CMD", MAKES.replace("--system", "--system -G sudo") + "USER app\nCMD"),
        FILE.replace("CMD", f"{MAKES}USER app\nUSER root\nCMD"),
        FILE.replace("WORKDIR", f"{MAKES}USER app\nWORKDIR"),
        FILE.replace("CMD", "RUN find / -exec chmod a-s {} +\nCMD"),
        FILE.replace("CMD", "USER app\nRUN useradd --system --no-create-home app\nCMD"),
    ],
)
def test_a_lie_about_hardening_is_caught(new: str) -> None:
    result = optimize(FILE, [rewriting(new)])
    assert (result.after, len(result.refusals)) == (FILE, 1)


@pytest.mark.parametrize("gone", ["USER app\n", MAKES, f"RUN {hardening().setuid_command}\n"])
def test_it_comes_and_never_goes(gone: str) -> None:
    text = FILE.replace("CMD", f"{MAKES}RUN {hardening().setuid_command}\nUSER app\nCMD")
    result = optimize(text, [rewriting(text.replace(gone, ""))])
    assert (result.after, len(result.refusals)) == (text, 1)


def test_what_the_rows_give_may_come() -> None:
    new = FILE.replace("CMD", f"{MAKES}RUN {hardening().setuid_command}\nUSER app\nCMD")
    assert optimize(FILE, [rewriting(new)]).after == new


def test_a_script_in_the_context_is_read() -> None:
    text = 'FROM debian:bookworm-slim\nCOPY run.sh /\nCMD ["/run.sh"]\n'
    calm, needy = Given({"run.sh": b"exec tool\n"}), Given({"run.sh": b"exec /bin/su app -c tool\n"})
    assert optimize(text, [setuid_bits], unsafe=True, context=calm).changed
    assert not optimize(text, [setuid_bits], unsafe=True, context=needy).changed


def test_without_its_option_it_is_only_told() -> None:
    result = optimize(FILE, [non_root_user], unsafe=True)
    assert not result.changed
    assert [change.safety for change in result.pending] == [Safety.SUGGESTION]
    assert optimize(FILE, [non_root_user.configured({"user": "app"})], unsafe=True).changed
    assert not optimize(FILE, [non_root_user.configured({"user": "app; rm"})], unsafe=True).changed
