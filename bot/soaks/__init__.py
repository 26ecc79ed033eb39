"""What is observed of soaks: evidence, runs, commits, pull requests. Used by observe and reconcile."""
