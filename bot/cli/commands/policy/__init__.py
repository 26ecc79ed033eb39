"""`assay policy`: trusts, checks, explains and backtests a policy."""
