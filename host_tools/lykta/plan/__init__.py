"""From a site and a profile to what every node needs for one night: settings block, neighbour table, identity."""

from __future__ import annotations

from lykta.plan.night import Plan, make_plan

__all__ = ["Plan", "make_plan"]
