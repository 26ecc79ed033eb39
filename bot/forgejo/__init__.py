"""The client of Forgejo: `sansio` decides without I/O, `abc` has the verbs, `httpx` the I/O, `types` the answers."""
