"""Probes: the same request in a changed way, to see what moves a judge that should not."""

from mmjudge.probes.base import Around, Changed, Probe

__all__ = ["Around", "Changed", "Probe"]
