"""How soaks are told: their evidence, its verification, the states that follow, and claims about them."""
