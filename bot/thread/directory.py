"""Names for accounts that hold whatever the accounts call themselves: checks compare these names, never raw logins.

An account that a listed login means has that login as its name, also after it was renamed. Any other account that has
or had a listed login is `login#id`, which no list can contain, so it has no rights; `is_agent` still finds an agent's
login in it. All other accounts have their logins as names.
"""

from collections.abc import Iterable

from bot.store.accounts import Account, folded

GHOST = -1
"""The id of Forgejo's account that stands for all deleted ones. No list can mean it."""


class Directory:
    """The accounts of all listed logins at one moment. `me` is the bot's account: its id, and its login now.

    `unread` are listed logins that could not be looked up: nobody has their rights.
    """

    def __init__(self, accounts: Iterable[Account], me: tuple[int, str] = (0, ""), unread: Iterable[str] = ()) -> None:
        self._me, self._my_login = me
        found = list(accounts)
        bound = sorted((one for one in found if one.state == "bound"), key=lambda one: one.bound_at or one.seen_at)
        self._ids = {one.login: one.id for one in bound}
        self._listed = {one.login for one in found} | {folded(login) for login in unread} | {folded(self._my_login)}
        # An account with several listed logins is called by the one that was bound last: an operator who changed his
        # login is shown under the new one as soon as the settings have it.
        self._names = {one.id: one for one in bound}
        self._of_policies = {one.login for one in bound if one.how == "policy"}
        self._tied: dict[int, Account] = {}
        self._seen: dict[str, set[int]] = {}
        for one in found:
            if one.state in {"unconfirmed", "former"}:
                self._tied.setdefault(one.id, one)
            self._seen.setdefault(one.login, set()).add(one.id)

    def name(self, login: str, account_id: int) -> str:
        """Return the name of an account; empty where Forgejo names none."""
        if not login:
            return ""
        if account_id == self._me and self._me:
            return login
        if account_id in self._names:
            name = self._names[account_id].login
            return login if folded(login) == name else name
        if account_id < GHOST:  # the server's own accounts, such as forgejo-actions; nobody can register their logins
            return login
        if account_id in self._tied:
            return f"{self._tied[account_id].login}#{account_id}"
        return f"{login}#{account_id}" if folded(login) in self._listed else login

    def taken(self, login: str, account_id: int) -> bool:
        """Return whether an account has a login that was looked up and means another account, or none."""
        mine = account_id == self._me or folded(login) == folded(self._my_login)
        return account_id > 0 and self.knows(login) and not mine and self.means(login) != account_id

    def renamed(self, login: str, account_id: int) -> bool:
        """Return whether the account of a listed login is called otherwise than when it was last seen."""
        return account_id in self._names and bool(login) and self._names[account_id].called != login

    def knows(self, login: str) -> bool:
        """Return whether a login was looked up."""
        return folded(login) in self._seen

    def means(self, login: str) -> int:
        """Return the id of the account that a login means; 0 if there is none."""
        return self._ids.get(folded(login), 0)

    def current(self, name: str) -> str:
        """Return the present name of an account that once had a name."""
        found = self._names.get(self._ids.get(folded(name), 0))
        return name if found is None or found.login == folded(name) else found.login

    def rights(self, logins: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the accounts that a list of logins means."""
        return tuple(dict.fromkeys(map(self.current, logins)))

    def operators(self, logins: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the operators; the bot's own account is none, nor whom only a policy's lists bound."""
        sure = tuple(login for login in logins if not self.only_by_policy(login))
        return self.rights(tuple(login for login in sure if not self._me or self.means(login) != self._me))

    def only_by_policy(self, login: str) -> bool:
        """Return whether a login means an account only because a policy listed it: too little for an operator.

        Who had the login when the policy was trusted may have left it since to somebody whom the settings mean.
        """
        return folded(login) in self._of_policies

    def restricted(self, logins: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of all accounts that ever had one of some logins, for the list of agents."""
        names = [*logins]
        for login in logins:
            others = (self._names.get(one) for one in sorted(self._seen.get(folded(login), ())))
            names += [one.login for one in others if one is not None and one.login != folded(login)]
        return tuple(dict.fromkeys(names))
