"""Lykta: plans, simulates and judges adaptive street lighting with the node's own control law."""

__version__ = "0.1.0"
