"""Boards: from submissions to every number that a leaderboard shows."""
