"""What `assay plan` shows: each write as a difference, and at the end the verdict with whoever has to act."""

import base64
import secrets

import pytest

from bot.cli.printing.differences import MAX_LINES, difference, print_differences
from bot.model import StatusSeen
from bot.plan import Action
from bot.sandbox.world import AGENT, BOT, OPERATOR, REPOSITORY
from tests.cli.forge import REPO, Forge
from tests.snapshots import own, snapshot

STATUS = Action(kind="status.create", object="status:x:assay", context="assay", state="failure", description="Blocked")


async def test_a_changed_target_is_shown_by_lines(forge: Forge) -> None:
    line = f"FORGEJO_TOKEN={secrets.token_hex(20)}\n"
    data = {"content": base64.b64encode(line.encode()).decode(), "message": "Try", "new_branch": "codex/try"}
    await forge.api[AGENT].post(f"{REPO}/contents/x.env", data)
    await forge.api[AGENT].post(f"{REPO}/pulls", {"title": "Try", "base": "main", "head": "codex/try"})
    first = await forge.assay("plan", f"{REPOSITORY}!1")
    assert "  + create the report" in first.out
    assert "  + label safety:secret-touch" in first.out
    assert "  + status assay: failure: Blocked: author: revoke the secret in x.env:1, and remove it" in first.out
    assert first.out.splitlines()[-2].startswith("operator: make sure that the leaked secret is revoked")
    assert "Blocked: author: revoke the secret in x.env:1, and remove it" in first.out.splitlines()[-3]
    await forge.assay("apply", f"{REPOSITORY}!1")
    unchanged = await forge.assay("plan", f"{REPOSITORY}!1")
    assert "would write: nothing" in unchanged.out
    await forge.api[OPERATOR].patch(
        f"{REPO}/issues/1",
        {"body": "The pump reads its port from the file that is added here, so that nobody has to type it."},
    )
    judged = await forge.assay("plan", f"{REPOSITORY}!1")
    assert "  ~ update comment" in judged.out
    added = [text for text in judged.out.splitlines() if text.startswith("    + ")]
    assert any(text.startswith("    + | Scores |") for text in added)
    assert not any("fingerprint" in text for text in added)
    assert "guards.base.mode" not in judged.out


@pytest.mark.parametrize(
    ("action", "lines"),
    [
        (Action(kind="label.add", object="label:x", label="x"), ["+ label x"]),
        (Action(kind="label.remove", object="label:x", label="x"), ["- label x"]),
        (STATUS, ["~ status assay: success → failure: Blocked"]),
        (STATUS.model_copy(update={"context": "assay/judge"}), ["+ status assay/judge: failure: Blocked"]),
        (
            Action(kind="comment.edit", object="comment:report", comment_id=4, body="# A\n\nnew\n"),
            ["~ update comment 4", "  …", "    # A", "    ", "  - old", "  + new"],
        ),
        (
            Action(kind="comment.delete", object="comment:report:9", comment_id=9),
            ["- delete duplicate comment 9"],
        ),
    ],
)
def test_each_write_is_a_difference(action: Action, lines: list[str]) -> None:
    seen = snapshot(own=own(statuses=(StatusSeen(context="assay", state="success", creator=BOT),)))
    assert list(difference(action, seen, {4: "# A\n\nold\n"})) == lines


def test_a_long_comment_is_counted_and_not_printed_in_full() -> None:
    long = Action(kind="comment.create", object="comment:report", body="x\n" * (MAX_LINES + 50))
    assert list(difference(long, snapshot(), {}))[-1] == "  … 51 more lines; --json has all of them"


def test_nothing_to_write_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    print_differences("would write", (), snapshot(), {})
    assert capsys.readouterr().out == "\nwould write: nothing\n"


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_a_terminal_sees_colours_unless_it_says_otherwise(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, no_color: str, coloured: bool
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", no_color)
    label = Action(kind="label.add", object="label:x", label="x\x1b[2J")
    print_differences("would write", (label,), snapshot(), {})
    out = capsys.readouterr().out
    assert ("\x1b[32m" in out) is coloured
    assert "\x1b[2J" not in out
