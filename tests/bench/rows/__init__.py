"""The rows of `make bench`, one module for each group of budgets: `rows()` measures them and returns `Row` values."""
