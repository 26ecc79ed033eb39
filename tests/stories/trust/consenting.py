"""Steps of the stories about consent: a repository with a red zone, and pull requests that hide something from it."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update

from bot.app import now
from bot.policy import PATH
from bot.sandbox.world import AGENT, OPERATOR, REPOSITORY, Checkout, World
from bot.store.housekeeping import Kept, prune
from bot.store.tables import Delivery
from tests.stories.contexts import statuses
from tests.stories.pushes import leaking_pull

PULLS = f"/repos/{REPOSITORY}/pulls"
OFF = "secret-leak:\n  mode: off\n"
RED = "guards:\n  red-zone:\n    mode: block\n    paths: [deploy/]\n"
HIDDEN = {"deploy/open-port.tf": "open = true\n"}


async def rule(scene: World, text: str = RED) -> None:
    """Puts a policy on the default branch that an operator trusts."""
    checkout = await scene.clone(OPERATOR)
    head = await checkout.commit("Rules", {PATH: text, "deploy/readme.md": "Deploys.\n"})
    await checkout.push("main")
    await scene.machine.policies.trust(scene.repo, head, OPERATOR)
    await scene.settled()


@dataclass
class Change:
    """A pull request of the agent into a branch of its own, where something lies that its difference doesn't show."""

    scene: World
    checkout: Checkout
    base: str
    branch: str
    number: int
    head: str
    main: str

    async def push(self, message: str, files: dict[str, str | bytes | None]) -> None:
        """Adds a commit."""
        self.head = await self.checkout.commit(message, files)
        await self.checkout.push(self.branch)
        await self.scene.settled()

    async def review(self, event: str = "APPROVED", **more: object) -> int:
        """Reviews it as the operator, and gives the review's id."""
        answer = await self.scene.api[OPERATOR].post(
            f"{PULLS}/{self.number}/reviews", {"event": event, "body": "ok"} | more
        )
        await self.scene.settled()
        return int(answer["id"])

    async def retarget(self, base: str = "main") -> None:
        """Changes the base branch as the agent."""
        await self.scene.api[AGENT].patch(f"{PULLS}/{self.number}", {"base": base})
        await self.scene.settled()

    async def rewrite_base(self) -> None:
        """Moves the base branch back to the default branch's commit, by force and as the agent."""
        await self.checkout.git("push", "--quiet", "--force", "origin", f"{self.main}:refs/heads/{self.base}")
        await self.scene.settled()

    async def revert(self) -> None:
        """Takes the last commit back by another one."""
        await self.checkout.git("revert", "--no-edit", "HEAD")
        await self._pushed()

    async def rename(self) -> None:
        """Gives the file another name."""
        folder = f"deploy/{self.branch.removeprefix('codex/')}"
        await self.checkout.git("mv", f"{folder}/readme.md", f"{folder}/guide.md")
        await self.checkout.git("commit", "--quiet", "--message", "Rename")
        await self._pushed()

    async def _pushed(self) -> None:
        self.head = await self.checkout.git("rev-parse", "HEAD")
        await self.checkout.push(self.branch)
        await self.scene.settled()

    async def says(self, text: str, number: int = 0) -> int:
        """Writes a comment as the operator, here or on another target, and gives its number."""
        found = await self.scene.write(OPERATOR, number or self.number, text)
        await self.scene.settled()
        return found

    async def fingerprint(self) -> str:
        """The fingerprint of the secret that it adds."""
        target = self.scene.target(f"!{self.number}")
        seen = (await self.scene.machine.reconciler.evaluate(target)).snapshot
        return seen.inputs.leaks[0].fingerprint

    async def evaluate(self) -> None:
        """Has the bot look again."""
        await self.scene.machine.engine.submit(self.scene.target(f"!{self.number}"))
        await self.scene.settled()

    async def red_zone(self) -> str:
        """The status of the red zone."""
        return (await statuses(self.scene, self.head)).get("assay/red-zone", "none")


async def change(scene: World, name: str = "one", body: str = "", **more: str) -> Change:
    """Opens such a pull request: into `stage-NAME`, where the agent already put what the red zone is about.

    `more` are the texts of further files of the folder, by their names without the ending.
    """
    checkout = await scene.clone(AGENT)
    base, branch = f"stage-{name}", f"codex/{name}"
    await checkout.branch(base)
    await checkout.commit("Prepare", {f"deploy/{name}/open-port.tf": "open = true\n"})
    await checkout.push(base)
    await checkout.git("switch", "--quiet", "--create", branch)
    files = {"readme": f"Deploys {name}.\n"} | more
    head = await checkout.commit("Fix a word", {f"deploy/{name}/{file}.md": text for file, text in files.items()})
    await checkout.push(branch)
    main = await checkout.git("rev-parse", "origin/main")
    number = await scene.open_pull(AGENT, branch, f"docs: {name}", body, base=base)
    await scene.settled()
    return Change(scene, checkout, base, branch, number, head, main)


async def policy_pull(
    scene: World, text: str, *, by: str = AGENT, branch: str = "codex/policy"
) -> tuple[int, Checkout]:
    """Opens a pull request that sets the policy."""
    checkout = await scene.clone(by)
    await checkout.branch(branch)
    await checkout.commit("Change the policy", {PATH: text})
    await checkout.push(branch)
    number = await scene.open_pull(by, branch, "chore: policy")
    await scene.settled()
    return number, checkout


async def merge(scene: World, number: int, by: str = OPERATOR, **more: object) -> None:
    """Merges a pull request."""
    await scene.api[by].post(f"{PULLS}/{number}/merge", {"Do": "merge"} | more)
    await scene.settled()


async def leak_state(scene: World, branch: str = "codex/leak") -> str:
    """What the bot says of a new pull request that adds a token: `failure` where the policy is as it should be."""
    number, head = await leaking_pull(scene, branch)
    await scene.settled()
    await scene.machine.engine.submit(scene.target(f"!{number}"))
    await scene.settled()
    return (await scene.statuses(head)).get("assay", "none")


async def month_later(scene: World) -> None:
    """Lets all that the bot was told grow 31 days old, and prunes it."""
    async with scene.machine.store.session() as session:
        ids = {row.id: row.received_at for row in (await session.execute(select(Delivery))).scalars()}
        for name, at in ids.items():
            old = at - timedelta(days=31)
            await session.execute(update(Delivery).where(Delivery.id == name).values(received_at=old))
    kept = Kept(timedelta(days=30), timedelta(days=90))
    assert (await prune(scene.machine.store, kept, now()))["deliveries"] == len(ids)
