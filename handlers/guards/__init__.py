"""The guards: small checks of what a pull request touches."""
