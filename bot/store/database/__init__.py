"""The database itself: connections, transactions, schema and migrations.

Used by `bot.store` and by code that opens the store.
"""
