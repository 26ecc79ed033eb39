"""The database itself: connections, transactions, schema and migrations.

Used by `bot.store` and by who opens the store.
"""
