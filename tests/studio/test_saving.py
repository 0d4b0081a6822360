"""Saving a profile: comments stay, copies go beside, and what breaks the requirement says so of itself."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lykta.errors import LyktaError
from lykta.profiles import load_profile
from lykta.score.tally import AT, COLUMNS
from lykta.studio import saving
from lykta.studio.session import Session
from lykta.tune.edit import Change
from tests.studio.pages import studio
from tests.tune.nights import PROFILE

IDLE = ("zones", "path", "all", "idle")


def session_in(folder: Path, service: float) -> Session:
    """A page whose nights were simulated: pedestrians and cyclists had that share of full light."""
    session = Session(studio(folder))
    session.draft.put(Change(IDLE, "30 %"))
    served(session, service)
    return session


def served(session: Session, service: float) -> None:
    """Note nights of the draft with a service."""
    row = np.zeros(len(COLUMNS))
    row[AT["nights"]] = 1
    for group in ("pedestrian", "cyclist", "everyone"):
        row[AT[f"duty {group}"]], row[AT[f"lit {group}"]] = 1000.0, 1000.0 * service
    session.simulator.known(session.draft.text).rows.update({1: row, 2: row, 3: row})


def test_save__changes_the_value_and_nothing_else(folder: Path):
    """Comments, order and the rest are to the letter what they were."""
    session = session_in(folder, 1.0)
    path = saving.save(session, saving.proposal(session))
    assert path.read_text(encoding="utf-8") == PROFILE.replace("idle: 40 %", "idle: 30 %")
    assert not session.draft.changed
    assert load_profile(path).ordinary == session.draft.profile.ordinary


def test_packaged_profile__is_saved_as_a_copy(folder: Path):
    """What comes with Lykta is never written to: a copy in the reader's own folder is proposed."""
    whole = studio(folder)
    whole.scenario = replace(whole.scenario, profile=load_profile("kungsholms_strand"))
    session = Session(whole)
    served(session, 1.0)
    assert saving.proposal(session) == folder / "my_kungsholms_strand.yaml"
    path = saving.save(session, saving.proposal(session))
    assert (path.parent, session.draft.path) == (folder, path)


def test_breaking_the_requirement__is_saved_only_with_a_reason(folder: Path):
    """Without: nothing is written. With: the file says by how much, in which nights, and why."""
    session = session_in(folder, 0.9)
    with pytest.raises(LyktaError, match="only with a reason"):
        saving.save(session, saving.proposal(session), "  ")
    assert (folder / "profile.yaml").read_text(encoding="utf-8") == PROFILE
    path = saving.save(session, saving.proposal(session), 'a trial: "dim" until May')
    text = path.read_text(encoding="utf-8")
    assert 'note: "non-conforming: service pedestrian 90.000 %, cyclist 90.000 % of 99.5 % asked for, 3 nights of' in text
    assert 'reason: a trial: \\"dim\\" until May (end of it)"' in text
    assert load_profile(path).ordinary == session.draft.profile.ordinary


def test_profile_that_conforms_again__no_longer_says_otherwise(folder: Path):
    """The remark goes when the reason for it has gone; the reader's own note stays."""
    session = session_in(folder, 0.9)
    session.draft.put(Change(("note",), '"ours"'))
    served(session, 0.9)
    path = saving.save(session, saving.proposal(session), "a trial")
    assert "non-conforming" in path.read_text(encoding="utf-8")
    served(session, 1.0)
    saving.save(session, path)
    assert 'note: "ours"' in path.read_text(encoding="utf-8")
    assert "non-conforming" not in path.read_text(encoding="utf-8")


def test_nothing_simulated__is_not_called_conforming(folder: Path):
    """Nobody can tell, so a reason is asked for."""
    session = Session(studio(folder))
    assert not saving.standing(session).conforms


@pytest.mark.parametrize(
    ("name", "said"),
    [("profile.txt", "end in .yaml"), ("site.yaml", "is there already"), ("nowhere/profile.yaml", "cannot be written")],
)
def test_wrong_place__is_a_sentence_and_writes_nothing(folder: Path, name: str, said: str):
    """No YAML, a file of somebody's, a folder that is not there."""
    session = session_in(folder, 1.0)
    before = {file: file.read_bytes() for file in folder.iterdir()}
    with pytest.raises(LyktaError, match=said):
        saving.save(session, Path(name))
    assert {file: file.read_bytes() for file in folder.iterdir()} == before


def test_file_changed_by_somebody_else__is_not_overwritten(folder: Path):
    """Two readers, one file: the second is told."""
    session = session_in(folder, 1.0)
    (folder / "profile.yaml").write_text(PROFILE + "# mine\n", encoding="utf-8")
    with pytest.raises(LyktaError, match="changed by somebody else"):
        saving.save(session, saving.proposal(session))


def test_figures__are_those_of_the_score(folder: Path):
    """The quick figures of the page are, class by class, those of the whole score."""
    from lykta.score.tally import row
    from lykta.studio import nights
    from lykta.tune.stage import stage_of

    session = Session(studio(folder))
    stage = stage_of(session.ticket)
    levels, _, _ = stage.lit(stage.plan, 1)
    quick, whole = nights.figures(stage, stage.plan, 1, levels), row(stage.score(stage.plan, 1))
    known = [name for name in COLUMNS if not np.isnan(quick[AT[name]])]
    assert {"spent", "dark pedestrian", "late cyclist", "stationary everyone", "ever_dark everyone", "users pedestrian"} <= set(known)
    assert {name: quick[AT[name]] for name in known} == pytest.approx({name: whole[AT[name]] for name in known})
    assert sum(whole[AT[f"{kind} everyone"]] for kind in ("late", "dark")) > 0


def test_newest_change__wins():
    """Of three that wait only the last is run; the one under way is run to its end, and dropped."""
    from lykta.studio.work import Newest

    async def told() -> tuple[list[object], list[int]]:
        newest, ran = Newest(), []

        async def work(number: int) -> int:
            ran.append(number)
            await asyncio.sleep(0)
            return number

        numbers = [newest.renew()]
        first = asyncio.create_task(newest.run(numbers[0], lambda: work(1)))
        await asyncio.sleep(0)
        rest = []
        for number in (2, 3, 4):
            numbers.append(newest.renew())
            rest.append(asyncio.create_task(newest.run(numbers[-1], lambda number=number: work(number))))
        return [await first, *[await one for one in rest]], ran

    assert asyncio.run(told()) == ([None, None, None, 4], [1, 4])
