"""What Assaymaster remembers: the database, its tables, and how deliveries get into it."""
