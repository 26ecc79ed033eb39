"""Slash commands: read, decided, answered. Other checks ask it what was decided."""
