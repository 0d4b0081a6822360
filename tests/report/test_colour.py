"""Colours that everybody can tell apart."""

from __future__ import annotations

from lykta.report.colour import NO_LAMP, PALETTE, STROKES


def _luminance(colour: tuple[int, int, int]) -> float:
    linear = [c / 12.92 / 255 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_brightness__rises_in_grey_too() -> None:
    """Without any sense of colour more light still looks lighter, from a step of 2 % on."""
    luminance = [_luminance(colour) for colour in PALETTE]
    assert all(later > earlier for earlier, later in zip(luminance, luminance[5:], strict=False))
    assert len(PALETTE) == NO_LAMP


def test_brightness__runs_between_blue_and_yellow() -> None:
    """Red and green stay close together, so that red-green blindness changes little."""
    assert max(abs(red - green) for red, green, _ in PALETTE) < 70


def test_classes__differ_by_dash_alone() -> None:
    """Colour is never the only sign, and every line stands out from full light."""
    assert len({stroke.dash for stroke in STROKES}) == len(STROKES)
    for stroke in STROKES:
        own = _luminance(tuple(int(stroke.colour[n : n + 2], 16) for n in (1, 3, 5)))  # type: ignore[arg-type]
        assert (_luminance(PALETTE[-1]) + 0.05) / (own + 0.05) > 4.5
