"""The big table: all schemes, two sites, three demands, ideal and real sensors, as a page of Markdown.

python tests/bench/schemes.py tests/bench/schemes.md --seeds 1001-1003 [--training 1-3] [--sensors ideal] [--rates 10,30]

It may be interrupted, and the same command goes on where it was (`kept.py`); other seeds take over what they share with the last ones.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import energy
from energy import Result

from lykta import wholefile
from lykta.cli.options import Seeds
from lykta.tune.crew import crew
from lykta.tune.standing import Line, difference, points

_HEADS = (
    "", "scheme", "saving %", "net %", "of possible %", "service %", "strict %", "late s", "dark s", "changes an hour", "utility"
)  # fmt: skip
_LEGEND = """\
Simulated, the night of 14 December 2026; all schemes of a table meet the same people, misses and losses. In brackets: 95 % of a bootstrap
over nights. Saving is of the lamps' electricity, net less what nodes and sensors take. *Of possible*: its share of the clairvoyant bound's;
with a star it rests at other levels than ours, so that is another bound, not to be compared. *Service*: of the class served worst;
*strict*: without the time to react. Late, dark: seconds of everybody in all nights; dark without people who stand still for long. Small
print: some class has less service than {ideal} % (ideal sensors) or {real} % (real), so the scheme has no rank, whatever it saves.
"""


def page(results: Sequence[Result], command: str, seeds: Sequence[int], training: Sequence[int]) -> Iterator[str]:
    """The lines of the page."""
    yield "# All schemes, in the same nights\n"
    nights = f"{len(seeds)} nights of each demand, seeds {seeds[0]}-{seeds[-1]}"
    tuned = f"; *tuned*: with the settings that save most and serve, found on seeds {training[0]}-{training[-1]}" if training else ""
    yield f"{nights}{tuned}. Printed by\n"
    yield f"```sh\n{command}\n```\n"
    yield _LEGEND.format(ideal=99.9, real=99.5)
    for result in results:
        ours = result.ours
        yield f"## {result.field.name}\n"
        free = energy.bare(ours.free)
        yield f"{ours.people.users:,} people. Possible: {points(ours.possible)} %; with lamps resting at their floors {free} %.\n"
        yield f"| {' | '.join(_HEADS)} |"
        yield "|---" * len(_HEADS) + "|"
        yield from (_row(one, one is ours) for one in result.ranked)
        yield ""
        yield from (f"- {difference(one, ours.name)}" for one in result.ranked if one.name.startswith("group"))
        yield from (f"- {one.name} is {one.said}." for one in result.ranked if one.said != one.name and "tuned" in one.name)
        yield ""


def _row(one: Line, ours: bool) -> str:
    share = points(one.share) + ("" if one.same_bound or one.share.value is None else " *")
    who, name = one.people, f"**{one.name}** (ours)" if ours else one.name
    cells = [
        "" if one.rank is None else str(one.rank), name, points(one.saving), energy.bare(one.net), share,
        points(one.service, 3), energy.bare(one.strict), f"{who.late_s:,.0f}", f"{who.dark_s:,.0f}", energy.number(one.changes, 1),
        energy.number(one.utility, 3),
    ]  # fmt: skip
    small = [cell if one.met or not cell else f"<sub>{cell.replace(' *', ' &ast;')}</sub>" for cell in cells]
    return f"| {' | '.join(small)} |"


def main() -> None:
    """Play what is not kept yet, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=Path, help="the file to be written")
    parser.add_argument("--seeds", default="1001-1100", help="nights (1001-1100)")
    parser.add_argument("--training", help="nights on which schemes are tuned besides (none: as published only)")
    parser.add_argument("--sensors", choices=energy.SENSORS, help="one kind of sensors")
    parser.add_argument("--rates", default="10,30,60", help="users an hour (10,30,60)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (as many as there are cores)")
    asked = parser.parse_args()
    seeds, training = (Seeds().convert(text, None, None) if text else () for text in (asked.seeds, asked.training))
    options = [
        f" --{name} {value}" for name, value in vars(asked).items() if name not in ("page", "workers") and value != parser.get_default(name)
    ]
    command = f"python tests/bench/schemes.py {asked.page}{''.join(options)}"
    rates = tuple(map(int, asked.rates.split(",")))
    fields = [one for one in energy.fields_of(rates, tuple(energy.SITES)) if asked.sensors in (None, one.sensors)]
    done: list[Result] = []
    with crew(asked.workers) as many:
        for result in energy.results(fields, seeds, training, tuple(energy.SCHEMES), many):
            done.append(result)
            print(f"{result.field.name}: {len(result.ranked)} schemes, {len(seeds)} nights", flush=True)
    wholefile.write(asked.page, "\n".join(page(done, command, seeds, training)).rstrip() + "\n")
    print(f"Written: {asked.page}")


if __name__ == "__main__":
    main()
