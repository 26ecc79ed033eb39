"""Cost curves: how time, calls and memory grow with what the bot has to do. Each point has a fresh process."""
