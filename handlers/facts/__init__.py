"""Facts about a snapshot that several checks need. Imports no check; any check may import it.

Public modules: `accepted`, `change`, `description`, `modes`, `path_index`, `patterns`, `protection`,
`references`, `reviews`, `statuses`, `text_cache`, `wording`.
"""
