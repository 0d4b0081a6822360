"""What tests of gauges share."""

from __future__ import annotations

import pytest

from gauges import vm32
from lykta.errors import EnvironmentLacks


@pytest.fixture(scope="session")
def small_vm() -> str:
    """The 32-bit VM, fetched where it is not there yet. A machine that cannot have it skips the test; CI has it."""
    try:
        return str(vm32.find())
    except EnvironmentLacks as error:
        pytest.skip(str(error))
