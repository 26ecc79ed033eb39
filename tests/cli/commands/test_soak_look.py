"""`assay soak list` and `show`: soaks looked at on a server, and nothing written there."""

import base64
import json
from pathlib import Path

from bot.policy import text_digest
from bot.sandbox.world import AGENT, OPERATOR, REPOSITORY
from tests.cli.forge import REPO, Forge, state

POLICY = f"""\
operators: [{OPERATOR}]
soaks:
  - name: garden-pump
    issue: 1
    smokes: 1
    days: 0
    evidence_from: [{AGENT}]
    gate: remove-the-old-pump
"""
NO_SOAK = "no policy defines a soak; define one under soaks in .forgejo/assay.yml"
INSTALLED = """\
It stands.

<!-- soak.evidence.v1 -->
{"schema": "soak.evidence.v1", "soak": "garden-pump", "kind": "install",
 "token_file": {"mode": "0600", "owner": "pump:pump", "size": 12}}
<!-- /soak.evidence.v1 -->
"""


async def _serve(forge: Forge, more: str = "") -> None:
    """A repository with a soak's policy and its issue, known to the bot."""
    api = forge.api[OPERATOR]
    issue = await api.post(f"{REPO}/issues", {"title": "A new pump", "body": "It has to prove itself."})
    await forge.api[AGENT].post(f"{REPO}/issues/{issue['number']}/comments", {"body": INSTALLED})
    text = POLICY.replace("issue: 1", f"issue: {issue['number']}") + more
    content = base64.b64encode(text.encode()).decode()
    body = {"content": content, "message": "soaks", "branch": "main"}
    await api.post(f"{REPO}/contents/.forgejo/assay.yml", body)
    done = await forge.assay("policy", "trust", REPOSITORY, text_digest(text), "--by", OPERATOR)
    assert done.status == 0, done.err


async def test_soaks_are_listed_and_shown(forge: Forge, clean: Path) -> None:
    await _serve(forge)
    before = await state(forge)
    listed = await forge.assay("soak", "list", REPOSITORY)
    assert listed.status == 0, listed.err
    row = listed.out.splitlines()[1].split()
    assert (row[0], row[2]) == ("garden-pump", "installed")
    shown = await forge.assay("soak", "show", "garden-pump", "--repo", REPOSITORY, "--svg", "pump.svg")
    assert shown.status == 0, shown.err
    assert "◉ installed" in shown.out
    assert "  counts: counts as the installation" in shown.out
    assert "  attested     mode: mode 0600 (codex)" in shown.out
    assert (clean / "pump.svg").read_text().startswith("<svg ")
    values = json.loads((await forge.assay("soak", "show", "garden-pump", "--repo", REPOSITORY, "--json")).out)
    assert (values["schema"], values["state"]) == ("soak.state.v1", "installed")
    unknown = await forge.assay("soak", "show", "garden-pond", "--repo", REPOSITORY)
    assert unknown.status == 2
    assert "soak 'garden-pond' not found; available: garden-pump" in unknown.err
    assert await state(forge) == before


async def test_without_a_policy_there_are_none(forge: Forge) -> None:
    done = await forge.assay("soak", "list", REPOSITORY)
    assert (done.status, done.out) == (0, "")
    assert NO_SOAK in done.err


async def test_without_a_name_all_that_the_bot_serves_are_looked_at(forge: Forge) -> None:
    await _serve(forge)
    assert (await forge.assay("soak", "list")).err == f"{NO_SOAK}\n"
    assert (await forge.assay("setup", REPOSITORY)).status in {0, 1}
    (found,) = json.loads((await forge.assay("soak", "list", "--json")).out)
    assert (found["repository"], found["soak"], found["state"]) == (REPOSITORY, "garden-pump", "installed")
    assert (await forge.assay("soak", "show", "garden-pump")).status == 0


async def test_an_issue_that_is_not_there_is_told_and_the_rest_is_listed(forge: Forge) -> None:
    await _serve(forge, "  - {name: garden-hose, issue: 999}\n")
    done = await forge.assay("soak", "list", REPOSITORY)
    assert done.status == 3
    assert f"cannot evaluate {REPOSITORY}#999" in done.err
    assert "garden-pump" in done.out


async def test_a_repository_that_is_not_there_is_told(forge: Forge) -> None:
    done = await forge.assay("soak", "list", "workshop/nowhere")
    assert (done.status, done.out) == (3, "")
