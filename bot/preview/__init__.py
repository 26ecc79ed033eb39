"""Previews and backtests of a policy on open and earlier pull requests. Used by reconcile and the command line."""

from bot.preview.backtest import Bench, kept, repositories, run_backtest
from bot.preview.preview import Previews

__all__ = [
    "Bench",
    "Previews",
    "kept",
    "repositories",
    "run_backtest",
]
