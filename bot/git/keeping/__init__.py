"""Keeps mirrors sound: notices that one is damaged, and has it made again.

Used by `bot.git.mirror` and `bot.git.fetching`.
"""
