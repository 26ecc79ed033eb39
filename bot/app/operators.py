"""Checks the operators in the settings against the server: a login that nobody has decides nothing, in silence."""

from collections.abc import Sequence

from bot.thread import LOGIN, Accounts


async def operator_problems(accounts: Accounts, operators: Sequence[str]) -> tuple[str, ...]:
    """Return a sentence about each operator that cannot be one, with what to do.

    The first time, each login is bound to the account that has it. Raises ForgejoError.
    """
    return tuple([f"operators: {problem}" for login in operators if (problem := await _problem(accounts, login))])


async def _problem(accounts: Accounts, login: str) -> str:
    if login.startswith("@") and LOGIN.fullmatch(login[1:]):
        return f"write {login[1:]} without @ in ASSAY_OPERATORS; {login} is no login"
    if not LOGIN.fullmatch(login):
        return "an entry of ASSAY_OPERATORS is not a login; use logins only, separated by commas"
    return await accounts.checked(login)
