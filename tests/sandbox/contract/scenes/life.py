"""On each server a writer does all that hooks hear of, with no recorded call: for the deliveries."""

from functools import partial

from bot.sandbox import FORGEJO_12, FORGEJO_16, GITEA
from tests.sandbox.contract.play import Scene, Stage
from tests.sandbox.contract.scenes import garden, gitea, yard
from tests.sandbox.contract.scenes.ledger import labels


async def life(stage: Stage, repo: str, user: str) -> None:
    """A branch that comes and goes; an issue and a pull request with all that happens on them."""
    await stage.commit(user, repo, "life", "life.txt")
    await stage.commit(user, repo, "short", "short.txt")
    await stage.call(user, "DELETE", f"/repos/{repo}/branches/short")
    issue = await stage.call(user, "POST", f"/repos/{repo}/issues", {"title": "Frost", "body": "cold"})
    pull = await stage.pull(user, repo, "life", body="warm")
    for kind, number in (("issues", issue["number"]), ("pulls", pull["number"])):
        address, target = f"/repos/{repo}/issues/{number}", f"/repos/{repo}/{kind}/{number}"
        await stage.call(user, "PATCH", target, {"title": "Another"})
        await stage.call(user, "POST", f"{address}/labels", {"labels": ["judge/pass"]})
        await stage.call(user, "DELETE", f"{address}/labels")
        comment = await stage.call(user, "POST", f"{address}/comments", {"body": "one"})
        await stage.call(user, "PATCH", f"/repos/{repo}/issues/comments/{comment['id']}", {"body": "two"})
        await stage.call(user, "DELETE", f"/repos/{repo}/issues/comments/{comment['id']}")
        await stage.call(user, "PATCH", target, {"state": "closed"})
        await stage.call(user, "PATCH", target, {"state": "open"})
    await stage.commit(user, repo, "life", "more.txt")


SCENES = [
    Scene("life", FORGEJO_12, (garden.garden, partial(life, repo=garden.GARDEN, user=garden.AGENT))),
    Scene("life", FORGEJO_16, (yard.ledger, labels, partial(life, repo=yard.LEDGER, user=yard.WRITER))),
    Scene("life", GITEA, (gitea.ledger, gitea.labels, partial(life, repo=gitea.LEDGER, user=gitea.WRITER))),
]
