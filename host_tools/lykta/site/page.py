"""A page of the map of a site, with its figures and warnings: one HTML file that needs no network; drag and wheel move the map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape

from lykta.errors import Problem
from lykta.site.drawing import picture
from lykta.site.model import Site

_SHOWN = 40  # warnings listed; the check says the rest

_STYLE = """
:root{color-scheme:light dark}
body{margin:0;font:15px/1.45 system-ui,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;background:#fbfbf8;color:#22262b}
main{max-width:1400px;margin:0 auto;padding:12px}
.map{border:1px solid #d5d8dd;border-radius:8px;overflow:hidden;touch-action:none;cursor:grab}
.map:active{cursor:grabbing}.map svg{display:block;width:100%;height:auto;max-height:82vh}
.facts{display:flex;flex-wrap:wrap;gap:8px 28px;margin:14px 4px}.facts div{min-width:8em}
.facts b{display:block;font-size:19px}.facts span,.hint{color:#6b7280}
ul{padding-left:1.2em}.hint{margin:6px 4px;font-size:13px}
@media (prefers-color-scheme:dark){body{background:#15181c;color:#e8eaed}.map{border-color:#343a43}.facts span,.hint{color:#9aa3ae}}
@media print{.hint{display:none}.map{border:0}}
"""

_SCRIPT = """
const svg=document.querySelector('.map svg'),home=svg.getAttribute('viewBox').split(' ').map(Number);let view=[...home],grip=null;
const show=()=>svg.setAttribute('viewBox',view.join(' '));
const place=e=>{const p=new DOMPoint(e.clientX,e.clientY).matrixTransform(svg.getScreenCTM().inverse());return[p.x,p.y]};
svg.addEventListener('wheel',e=>{e.preventDefault();const[x,y]=place(e),f=Math.min(Math.max(Math.exp(e.deltaY*.0015),.5),2),
k=Math.min(Math.max(view[2]*f,home[2]/60),home[2]*1.5)/view[2];
view=[x-(x-view[0])*k,y-(y-view[1])*k,view[2]*k,view[3]*k];show()},{passive:false});
svg.addEventListener('pointerdown',e=>{grip=place(e);svg.setPointerCapture(e.pointerId)});
svg.addEventListener('pointermove',e=>{if(grip){const[x,y]=place(e);view[0]+=grip[0]-x;view[1]+=grip[1]-y;show()}});
svg.addEventListener('pointerup',()=>grip=null);svg.addEventListener('dblclick',()=>{view=[...home];show()});
"""


def page(site: Site, warnings: Sequence[Problem]) -> str:
    """The HTML text; `warnings` are those of the check."""
    facts = "".join(f"<div><b>{escape(value)}</b><span>{escape(name)}</span></div>" for name, value in figures(site))
    shown = "".join(f"<li>{escape(_said(problem))}</li>" for problem in warnings[:_SHOWN])
    more = f"<li>and {len(warnings) - _SHOWN} more: lykta site check</li>" if len(warnings) > _SHOWN else ""
    told = f"<h2>To look at</h2><ul>{shown}{more}</ul>" if warnings else "<p>Nothing doubtful was found.</p>"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(site.name)}: map</title><style>{_STYLE}</style></head><body><main>"
        f'<div class="map">{picture(site)}</div><p class="hint">Drag to move, wheel to zoom, double click to see all. '
        f'Point at a lamp to read what it is.</p><div class="facts">{facts}</div>{told}</main><script>{_SCRIPT}</script></body></html>\n'
    )


def figures(site: Site) -> list[tuple[str, str]]:
    """What there is to count on a site, as (name, figure): for this page and for the command line."""
    zones = Counter(lamp.zone for lamp in site.lamps)
    lamps_by_zone = ", ".join(f"{zone} {zones[zone]}" for zone in site.zones if zones[zone])
    sensors = Counter(sensor.kind for lamp in site.lamps for sensor in lamp.sensors)
    heads = sum(lamp.heads for lamp in site.lamps)
    unknown = sum(lamp.heads for lamp in site.lamps if not site.fixtures[lamp.fixture].power_known)
    watts = sum(site.fixtures[lamp.fixture].max_mw * lamp.heads for lamp in site.lamps) / 1000
    found = [
        ("lamps", f"{len(site.lamps)}" + (f" with {heads} heads" if heads != len(site.lamps) else "")),
        ("lamps by zone", lamps_by_zone),
        ("links", f"{len(site.links)}, {sum(link.length_cm for link in site.links) / 100_000:.2f} km"),
        ("entrances", str(len(site.entrances))),
        ("lamps with sensors", f"{sum(bool(lamp.sensors) for lamp in site.lamps)}"),
        ("not adaptive", str(sum(not lamp.adaptive for lamp in site.lamps))),
        ("with a floor", str(sum(bool(lamp.floors) for lamp in site.lamps))),
        ("power at full", f"unknown for {unknown} of {heads}" if unknown else f"{watts / 1000:.2f} kW"),
    ]
    if sensors:
        found.append(("sensors", ", ".join(f"{kind} {number}" for kind, number in sorted(sensors.items()))))
    return [(name, value) for name, value in found if value not in ("", "0")]


def _said(problem: Problem) -> str:
    return f"line {problem.line}: {problem.message}" if problem.line else problem.message
