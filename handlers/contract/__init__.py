"""The contract: what a pull request's description has to say, against what it is."""
