"""Common parts of the benchmarks: the sandbox and `assay serve` as processes of their own, figures, and tables.

A benchmark starts `running_forge` (`forge`) and one or several `serving` processes (`serve`), and measures from
outside. `figures` has rows with budgets, percentiles and slopes; `generated` fills a database as after many
evaluations; `client` sends signed deliveries at a steady rate; `machine` and `process` read what a result needs of the
system.
"""
