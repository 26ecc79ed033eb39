"""Where the parts of a snapshot come from."""

from dataclasses import dataclass

from bot.forgejo import ForgejoAPI
from bot.git import Mirrors
from bot.history import Histories
from bot.observe.context import Contexts
from bot.observe.gate_inputs import GateInputs
from bot.observe.policy_in_force import Policies
from bot.scan import Scanner
from bot.store import Store
from bot.thread import Accounts, PermissionReader


@dataclass(frozen=True)
class Sources:
    """The sources of a snapshot."""

    client: ForgejoAPI
    store: Store
    histories: Histories
    policies: Policies
    contexts: Contexts
    gate_inputs: GateInputs
    permissions: PermissionReader
    accounts: Accounts
    scanner: Scanner
    mirrors: Mirrors
