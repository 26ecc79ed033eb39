"""Says whether a failed evaluation is the target's own fault, so that an outage of the server parks nothing."""

from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.forgejo.errors import Malformed, Oversized, RateLimited, ServerFault, Unauthorised, Unreachable
from bot.git import GitError, GitOverBound
from bot.model import Target
from bot.store import StoreError, parking

RECENT = timedelta(minutes=15)
SHARED = (Unreachable, Unauthorised, RateLimited, StoreError, SQLAlchemyError, OSError)
"""Faults of the server, the network, the token, the database or this machine (`OSError`, `TimeoutError`)."""
DOUBTFUL = (ServerFault, GitError)
"""Faults of one path or of the whole server. They are the target's own if others could be evaluated meanwhile."""
OWN = (Malformed, Oversized)


async def is_its_own(session: AsyncSession, target: Target, fault: Exception, now: datetime) -> bool:
    """Return whether a failure at a time counts towards parking its target."""
    if isinstance(fault, GitOverBound):
        return fault.lasting
    if isinstance(fault, SHARED):
        return False
    if isinstance(fault, OWN) or not isinstance(fault, DOUBTFUL):
        return True
    return await parking.another_worked(session, target, now - RECENT)
