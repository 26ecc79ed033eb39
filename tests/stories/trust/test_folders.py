"""Something else in the place of a protected folder: links, submodules, other spellings, on a real branch."""

import unicodedata

import pytest

from bot.sandbox.world import AGENT, OPERATOR, World

pytestmark = pytest.mark.long

DECOMPOSED = unicodedata.normalize("NFD", "zarz\u0105d")
POLICY = """\
statuses: each
version: 1
guards:
  red-zone:
    mode: block
    paths: ["deploy/prod/", "zarz\u0105d/", "*.pem"]
"""


async def ruled(scene: World) -> None:
    checkout = await scene.clone(OPERATOR)
    await checkout.commit("Set the rules", {".forgejo/assay.yml": POLICY})
    await checkout.push("main")
    await scene.settled()
    await scene.machine.policies.trust(scene.repo, await checkout.git("rev-parse", "HEAD"), OPERATOR)


async def verdict(scene: World, branch: str, entry: str) -> str:
    """The status of the red zone for a pull request with one entry, as `git update-index --cacheinfo` writes it."""
    mode, path, content = entry.split("|")
    checkout = await scene.clone(AGENT)
    await checkout.branch(branch)
    if mode == "160000":
        blob = await checkout.git("rev-parse", "HEAD")
    else:
        blob = await checkout.git("hash-object", "-w", "--stdin", stdin=content)
    await checkout.git("update-index", "--add", "--cacheinfo", f"{mode},{blob},{path}")
    await checkout.git("commit", "--quiet", "--message", "Tidy up")
    head = await checkout.git("rev-parse", "HEAD")
    await checkout.push(branch)
    await scene.open_pull(AGENT, branch, "chore: tidy up")
    await scene.settled()
    return (await scene.statuses(head)).get("assay/red-zone", "none")


async def test_what_stands_for_a_protected_folder_needs_an_operator(scene: World) -> None:
    await ruled(scene)
    entries = [
        "120000|deploy/prod|../other",
        "120000|deploy|other",
        "160000|deploy/prod|",
        "100644|Deploy/prod/main.tf|x",
        "100644|deploy/prod./main.tf|x",
        f"100644|{DECOMPOSED}/x|x",
        "100644|de\u00adploy/prod/main.tf|x",
        "100644|keys/a.PEM|x",
        "120000|garden/x|../deploy/prod/main.tf",
    ]
    passed = [entry for at, entry in enumerate(entries) if await verdict(scene, f"codex/p{at}", entry) != "failure"]
    assert passed == []


async def test_other_entries_need_nobody(scene: World) -> None:
    await ruled(scene)
    entries = ["120000|garden/x|../README.md", "100644|deploy/test/main.tf|x", "160000|vendor/lib|"]
    found = [await verdict(scene, f"codex/p{at}", entry) for at, entry in enumerate(entries)]
    assert found == ["success"] * len(entries)
