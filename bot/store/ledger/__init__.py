"""The ledger: the append-only, hash-chained record of every judgment and write. `assay ledger verify` checks it.

Used by all that records, and by the command line.
"""

from bot.store.ledger.chain import GENESIS, Entry, Proof, append, lock, tail, verify, walk

__all__ = ["GENESIS", "Entry", "Proof", "append", "lock", "tail", "verify", "walk"]
