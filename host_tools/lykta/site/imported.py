"""What a person should look at after an import: remarks for the first lines of the file, and the list of what was not matched."""

from __future__ import annotations

import csv
import io

from lykta.site.importer import Imported

_LISTED = 8


def remarks(imported: Imported) -> list[str]:
    """What whoever edits the file should know, for its first lines."""
    found = []
    if imported.timezone_guessed:
        found.append(f"The time zone {imported.site.timezone} is that of the nearest city in the time zone table: look at it.")
    if imported.guessed_links:
        found.append(
            f"{imported.guessed_links} links are guessed between near neighbours: look at them on the map, drop `guessed` where right."
        )
    if imported.unmatched:
        names = ", ".join(post.head.id for post in imported.unmatched[:_LISTED])
        more = " and more" if len(imported.unmatched) > _LISTED else ""
        found.append(f"{len(imported.unmatched)} lamps lie more than 25 m from any way and have no link: {names}{more}.")
    return found


def unmatched_csv(imported: Imported) -> str:
    """The posts without a way and the rows that were skipped, as CSV; "" where there are none."""
    if not imported.unmatched and not imported.skipped:
        return ""
    out = io.StringIO(newline="")
    rows = csv.writer(out)
    rows.writerow(("id", "lat", "lon", "x_m", "y_m", "why"))
    for post in imported.unmatched:
        place = post.head.latitude, post.head.longitude, f"{post.x:.1f}", f"{post.y:.1f}"
        rows.writerow((post.head.id, *place, "no way within 25 m"))
    for problem in imported.skipped:
        rows.writerow((f"line {problem.line}" if problem.line else "", "", "", "", "", problem.message))
    return out.getvalue()
