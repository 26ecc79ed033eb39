"""Lints changed workflows by schema and with zizmor. Used by observe."""

from bot.workflows.lint import WorkflowLints, is_workflow

__all__ = [
    "WorkflowLints",
    "is_workflow",
]
