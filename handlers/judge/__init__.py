"""The judgment: how much something matters, who should take it next, and why."""
