"""A repository made ready: webhook, labels, trust, what was there before. Used by the command line and the demo."""
