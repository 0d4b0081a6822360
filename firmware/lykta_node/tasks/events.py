"""What happened, for the host: at most so many letters, however often it happens.

The first of a kind and word goes at once. More of the same are counted, and go as one, ten minutes after the one before: with how many
there were, and when the last was. All together a burst of 16 goes, then one a minute. What flaps is so told in the order of its
last happening: whoever reads on knows how it ended.
"""

import json

from micropython import const

from ..core import letter

_AGAIN_S = const(600)
_BURST = const(16)
_EVERY_S = const(60)
_KEPT = const(32)  # kinds and words that are remembered; of more, the one that was quiet for longest is forgotten
_DETAIL = const(120)
_FORM = const(1)
_FIRST_SIGN = const(32)
_LAST_SIGN = const(126)


class _Known:
    """A kind and a word that was told, or waits to be."""

    def __init__(self, kind: str, what: str) -> None:
        self.kind = kind
        self.what = what
        self.told = -_AGAIN_S  # uptime when it was told last [s]
        self.happened = 0
        self.at: "int | None" = None
        self.detail = ""
        self.count = 0  # since it was told


class Events:
    """Tells of events through a mailbox. `log` knows how long ago the node started, `clock` what time it is."""

    def __init__(self, mailbox, log, clock, boot: int) -> None:
        self._mailbox = mailbox
        self._log = log
        self._clock = clock
        self._boot = boot
        self._known: list[_Known] = []
        self._tokens = _BURST
        self._filled = 0  # uptime up to which tokens were given [s]
        self._number = 0

    def tell(self, kind: str, what: str, detail: str = "", count: int = 1) -> None:
        """Something happened, `count` times since it was last told."""
        known = self._find(kind, what)
        known.happened = self._log.seconds()
        known.at = self._clock.unix()
        known.detail = printable(detail, _DETAIL)
        known.count += count
        self.flush()

    def flush(self) -> None:
        """Send what is due; to be called now and then."""
        now = self._log.seconds()
        fresh = (now - self._filled) // _EVERY_S
        if fresh:
            self._tokens = min(_BURST, self._tokens + fresh)
            self._filled += fresh * _EVERY_S
        while self._tokens:
            due = None
            for known in self._known:
                if known.count and now - known.told >= _AGAIN_S and (due is None or known.happened < due.happened):
                    due = known
            if due is None:
                break
            self._tokens -= 1
            self._send(due, now)

    def _find(self, kind: str, what: str) -> _Known:
        oldest = None
        for known in self._known:
            if known.kind == kind and known.what == what:
                # What has happened last stands last: what happened in the same second goes in that order.
                self._known.remove(known)
                self._known.append(known)
                return known
            if oldest is None or known.happened < oldest.happened:
                oldest = known
        if len(self._known) >= _KEPT and oldest is not None:
            self._known.remove(oldest)
        self._known.append(_Known(kind, what))
        return self._known[-1]

    def _send(self, known: _Known, now: int) -> None:
        self._number += 1
        told = {
            "v": _FORM,
            "at": known.at,
            "boot": self._boot,
            "up": known.happened,
            "number": self._number,
            "kind": known.kind,
            "what": known.what,
            "count": known.count,
            "detail": known.detail,
        }
        known.told = now
        known.count = 0
        self._mailbox.send(letter.EVENT, json.dumps(told).encode())


def printable(text: str, most: int) -> str:
    """A text that any terminal may show: signs of ASCII alone, the others as "?"."""
    found = ""
    for sign in text[:most]:
        found += sign if _FIRST_SIGN <= ord(sign) <= _LAST_SIGN else "?"
    return found
