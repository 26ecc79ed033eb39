"""Checks the operators in the settings against the server: a login that nobody has decides nothing, in silence."""

import re
from collections.abc import Sequence

from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.errors import NotFound

LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")
"""A login as Forgejo accepts it."""


async def operator_problems(client: ForgejoAPI, operators: Sequence[str]) -> tuple[str, ...]:
    """Return a sentence about each operator that cannot be one, with what to do. Raises ForgejoError."""
    return tuple([problem for login in operators if (problem := await _problem(client, login))])


async def _problem(client: ForgejoAPI, login: str) -> str:
    if login.startswith("@") and LOGIN.fullmatch(login[1:]):
        return f"operators: write {login[1:]} without @ in ASSAY_OPERATORS; {login} is no login"
    if not LOGIN.fullmatch(login):
        return "operators: an entry of ASSAY_OPERATORS is not a login; use logins only, separated by commas"
    try:
        found = await endpoints.ACCOUNT.get(client, login)
    except NotFound:
        return f"operators: the server has no account {login}, or hides it from the bot; correct ASSAY_OPERATORS"
    if found.login.casefold() != login.casefold():
        return f"operators: {login} is called {found.login} now; correct ASSAY_OPERATORS"
    return ""
