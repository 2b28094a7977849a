"""Leaderboards: submissions, boards made of them, and the site that shows boards."""
