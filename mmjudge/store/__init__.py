"""What is kept of a run: one SQLite file, what is durable when, locks, versions."""
