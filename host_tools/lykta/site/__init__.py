"""The street: lamps, links, zones, floors, fixtures; loading, checking, importing, drawing it."""

from lykta.site.checks import check
from lykta.site.drawing import picture
from lykta.site.jsonschema import json_schema
from lykta.site.loader import load, packaged
from lykta.site.model import Site
from lykta.site.writer import write

__all__ = ["Site", "check", "json_schema", "load", "packaged", "picture", "write"]
