"""What hooks hear of runs: on Forgejo how a run ended, on Gitea each step of runs and jobs, and each status."""

from bot.sandbox.actions.gitea import GiteaShapes
from bot.sandbox.actions.lifecycle import Change
from bot.sandbox.actions.shapes import RunShapes
from bot.sandbox.events.statuses import Statuses
from bot.sandbox.events.webhooks import Webhooks
from bot.sandbox.people import Level
from bot.sandbox.records import Repo
from bot.sandbox.runs import SETTLED, UNPICKED, Run
from bot.sandbox.shapes.fixed import Json
from bot.sandbox.shapes.threads import Shapes
from bot.sandbox.state import Forge


class News:
    """Tells what a step of a run's life changed."""

    def __init__(self, forge: Forge, hooks: Webhooks, statuses: Statuses, shapes: Shapes) -> None:
        self._forge = forge
        self._hooks = hooks
        self._statuses = statuses
        self._shapes = shapes
        self._forgejo = RunShapes(forge, shapes)
        self._gitea = GiteaShapes(forge, shapes)

    async def tell(self, change: Change) -> None:
        """Tells it to the hooks that listen."""
        for row in change.rows:
            await self._statuses.tell(change.repo, row, change.run.trigger.doer)
        if self._forge.server.gitea:
            self._tell_each_step(change)
        elif change.run.status in SETTLED and change.prior not in SETTLED:
            self._tell_the_end(change)

    def _tell_the_end(self, change: Change) -> None:
        """A run that was cancelled is told as failed; of one that was skipped nothing is."""
        words = {"success": "success", "failure": "failure", "cancelled": "failure"}
        action = words.get(change.run.status)
        if action is None:
            return
        kind = f"action_run_{action}"
        run = self._forgejo.told(change.repo, change.run)
        payload: Json = {"action": action, "run": run, "prior_status": change.prior}
        self._hooks.emit(self._hooks.listeners(change.repo, kind), kind, payload)

    def _tell_each_step(self, change: Change) -> None:
        repo, run = change.repo, change.run
        frame = self._frame(repo, run)
        if run.status != change.prior or not (run.started or run.stopped):
            about = {"workflow": self._gitea.workflow(repo, run), "workflow_run": self._gitea.run(repo, run)}
            payload = {"action": _action(run.status, "requested")} | about | frame
            self._hooks.emit(self._hooks.listeners(repo, "workflow_run"), "workflow_run", payload)
        for job in change.jobs:
            shape = {"workflow_job": self._gitea.job(repo, run, job)}
            payload = {"action": _action(job.status, "queued")} | shape | frame
            self._hooks.emit(self._hooks.listeners(repo, "workflow_job"), "workflow_job", payload)

    def _frame(self, repo: Repo, run: Run) -> Json:
        sender = self._shapes.user(run.actor or run.trigger.doer)
        frame: Json = {"repository": self._shapes.repo(repo, Level.OWNER), "sender": sender}
        return frame | ({"organization": self._shapes.organisation(repo.owner)} if repo.owner.organisation else {})


def _action(status: str, begun: str) -> str:
    return begun if status in UNPICKED else "completed" if status in SETTLED else "in_progress"
