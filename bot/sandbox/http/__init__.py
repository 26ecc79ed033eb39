"""Requests to the sandbox: who asks, what is refused, and git over HTTP."""
