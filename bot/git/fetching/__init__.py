"""Fetches into mirrors: what arrives lies apart until it is complete and there is room for it.

Used by `bot.git.mirror`.
"""
