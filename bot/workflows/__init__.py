"""Linting changed workflows by schema and by zizmor. Used by observe."""

from bot.workflows.lint import WorkflowLints, is_workflow

__all__ = [
    "WorkflowLints",
    "is_workflow",
]
