"""What people want of the light: profiles, requirements, calendar, and what a night of them is at a place."""

from lykta.profiles.agenda import Agenda, NightTimes, agenda, night_times, origin_utc_ms, resolve_requirement
from lykta.profiles.json_schema import json_schema, requirement_schema
from lykta.profiles.loader import load_profile, packaged, read_profile, text_of
from lykta.profiles.model import Need, Night, Phase, Requirement, RequirementPhase, Start
from lykta.profiles.profile import Entry, Profile
from lykta.profiles.requirement import load_requirement, read_requirement

__all__ = [
    "Agenda", "Entry", "Need", "Night", "NightTimes", "Phase", "Profile", "Requirement", "RequirementPhase", "Start", "agenda",
    "json_schema", "load_profile", "load_requirement", "night_times", "origin_utc_ms", "packaged", "read_profile",
    "read_requirement", "requirement_schema", "resolve_requirement", "text_of",
]  # fmt: skip
