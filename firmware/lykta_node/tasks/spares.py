"""What stands in for a part that a node lacks, so that nothing else has to ask whether it is there."""


class Bare:
    """In place of a fixture that the board's file does not describe: the full light that boot.py switched on stays."""

    level = 1000
    curve_bad = False

    def full(self) -> None:
        """It is."""

    def show(self, level: int) -> None:
        """It stays full."""


class Alone:
    """In place of the radio of a node that has no keys."""

    def tell(self, lamp) -> None:
        """There is nobody to tell."""


class Previous:
    """A store that gives the files as they were before the last change, where there are such: a rung of the recovery ladder."""

    def __init__(self, store) -> None:
        self._store = store

    def read(self, name: str) -> "bytes | None":
        """The previous content of a file, else the present one."""
        old = self._store.read(name + ".old")
        return self._store.read(name) if old is None else old
