"""A real MicroPython on the host that believes it is an ESP32."""

from __future__ import annotations

from lykta.vm.find import SHIMS, environment, find_vm

__all__ = ["SHIMS", "environment", "find_vm"]
