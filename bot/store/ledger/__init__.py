"""The ledger: the append-only, hash-chained record of every judgment and write. `assay ledger verify` checks it.

Used by all that records, and by the command line, which also exports, anchors and archives it.

Public modules: `anchors`, `files`.
"""

from bot.store.ledger.archiving import Order, archive
from bot.store.ledger.chain import GENESIS, Entry, Proof, append, lock, tail, verify, walk
from bot.store.ledger.files import LedgerFileError

__all__ = [
    "GENESIS",
    "Entry",
    "LedgerFileError",
    "Order",
    "Proof",
    "append",
    "archive",
    "lock",
    "tail",
    "verify",
    "walk",
]
