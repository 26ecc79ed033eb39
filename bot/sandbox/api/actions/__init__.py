"""The routes of Actions, which differ most between servers."""

from bot.sandbox.api.actions import artifacts, dispatch, gitea, logs, runs, secrets, tasks

MODULES = (tasks, runs, logs, artifacts, dispatch, secrets, gitea)
__all__ = ["MODULES"]
