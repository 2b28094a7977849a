"""A leaderboard as a static site: its pages work from a file as from a server."""

from mmjudge.leaderboard.site.pages import write_site, write_sites

__all__ = ["write_site", "write_sites"]
