"""Submissions: what one is, how it is packed, and how it is checked."""
