"""Programs that a node runs for whoever stands at its foot with a cable. Each is MicroPython, sent over the prompt of the board.

They stand on the firmware as it ships, in which constants have no names: those are filled in here. While one runs there is no watchdog
(`session.calm` sees to that), and the lamp follows the law as always, unless it is said otherwise.

Names of their own begin with q_: others at the prompt belong to `device`. What they print, one event a line, is read by `events`:

    !  reason of failure          S  sensor, result, distance [cm], speed [cm/s]
    H  neighbour, dBm             D  classes (bits), speed [cm/s], link it came by, still seen: a detection of the lamp's own
    F  what is wrong, as text     P  power [mW]                                E  the end
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lykta.corehost import lamp as row
from lykta.corehost import presence

#: Result of a sensor that sees nobody any more: see `core/presence`.
EDGE_OFF = int(presence.EDGE_OFF)
#: Of a detection whose user may have come by any link.
LINK_UNKNOWN = int(row.LINK_UNKNOWN)

_FIND = """
try:
 from lykta_node import app
except ImportError:
 print('! no firmware')
 raise SystemExit
"""

#: What a node says of itself: a dict; what it cannot say is None.
INFO = """
import os,sys,gc
import machine
def q_t(f):
 try:
  return f()
 except Exception:
  return None
def q_n(k):
 from esp32 import NVS
 return NVS('lykta').get_i32(k)
def q_j(n):
 import json
 from lykta_node.drivers.store import Store
 from esp32 import NVS
 return json.loads(Store('/data',NVS('lykta')).read(n))
def q_v(n):
 from lykta_node.drivers.store import Store
 from esp32 import NVS
 return Store('/data',NVS('lykta')).version(n)
def q_f(p):
 with open(p) as f:
  return f.read(2000)
gc.collect()
q_s=q_t(lambda:os.statvfs('/'))
print(repr({
 'mac':q_t(lambda:machine.unique_id().hex()),
 'runtime':q_t(lambda:'.'.join([str(x) for x in sys.implementation.version[:3]])),
 'machine':q_t(lambda:sys.implementation._machine),
 'identity':q_t(lambda:q_j('identity')),
 'versions':{n:q_t(lambda:q_v(n)) for n in ('identity','board','program','table','adjacent','keys')},
 'counts':{k:q_t(lambda:q_n(k)) for k in ('boots','failed','rung')},
 'slots':q_t(lambda:q_f('/slots').strip()),
 'crash':q_t(lambda:q_f('/crash')),
 'memory':q_t(gc.mem_free),
 'flash':(q_s[0]*q_s[2],q_s[0]*q_s[3]) if q_s else None,
 'cause':q_t(machine.reset_cause),
 'up':q_t(lambda:__import__('time').ticks_ms()),
}))
"""

#: The firmware is found in its slot, although boot.py was cut short.
SLOT = """
import sys
try:
 with open('/slots') as q_f:
  q_w='/'+q_f.read().split()[0]
 if q_w!='/-' and q_w not in sys.path:
  sys.path.insert(0,q_w)
except (OSError,IndexError):
 pass
"""

#: The count of starts that failed begins anew, as after one that was confirmed.
ATTENDED = """
try:
 from esp32 import NVS
 q_n=NVS('lykta')
 if q_n.get_i32('failed'):
  q_n.set_i32('failed',0)
  q_n.commit()
except (ImportError,OSError):
 pass
"""

SELF_TEST = f"{_FIND}\napp.self_test()\n"

#: Runs the node, and tells what its sensors see, whom it detects and whom it hears.
_WATCH = (
    _FIND
    + """
import asyncio
from lykta_node.tasks import reasons,ticks
_NUMBER={number}
_FRAME={frame}
def _wrap(s,n,radar):
 old=s.poll
 def poll(now):
  r=old(now)
  if r:
   print('S',n,(s.kind if radar else r),(s.distance_cm if radar else 0),(s.speed_cms if radar else 0))
  return r
 s.poll=poll
def _wrap_mesh(m,radio):
 old=m._take
 def take(length):
  b=m._buffer
  print('H',b[2]<<8|b[3],radio.rssi)
  return old(length)
 m._take=take
class _Blink:
 def level(self,lamp,settings,level):
  return 1000 if ticks.now()//500&1 else 500
async def q_w():
 node=app.Node(None,lambda:None)
 sense=node.jobs[1].task
 n=0
 for s in sense._switches:
  _wrap(s,n,False)
  n+=1
 for s in sense._radars:
  _wrap(s,n,True)
  n+=1
 if node.mesh is not None:
  _wrap_mesh(node.mesh,node.radio)
 life=asyncio.create_task(node.life())
 await asyncio.sleep_ms(300)
 end=ticks.later(ticks.now(),{ms})
{begin}
 c=node.control
 number=c.lamp[_NUMBER]
 wrong=-1
 while ticks.since(ticks.now(),end)>0:
  await asyncio.sleep_ms(50)
  if c.reasons!=wrong:
   wrong=c.reasons
   print('F',reasons.words(wrong))
  if c.lamp[_NUMBER]!=number:
   number=c.lamp[_NUMBER]
   print('D',c.lamp[_FRAME+{classes}],c.lamp[_FRAME+{speed}],c.lamp[_FRAME+{came}],c.lamp[_FRAME+{seen}])
 life.cancel()
 node.fixture.full()
 print('E')
asyncio.run(q_w())
"""
)

_WALK = " node.orders.walk({ms})"
_IDENTIFY = " node.orders.identify_until=end\n node.control.show(_Blink())"

#: The lamp alone, for measuring its curve: then `q_f.show(level)`, `q_p()` (its power, -1 without a meter), and `q_f.full()` at the end.
CURVE = (
    _FIND
    + """
import json,machine,time
from esp32 import NVS
from lykta_node.drivers.store import Store
from lykta_node.drivers.fixture import Fixture,full_duty
from lykta_node.drivers.meter import Meter
from lykta_node.devices import uart
q_b=json.loads(Store('/data',NVS('lykta')).read('board'))
q_a=q_b['fixture']
q_i=bool(q_a.get('inverted',False))
q_f=Fixture(machine.PWM(machine.Pin(q_a['pin']),freq=q_a.get('freq',1000),duty_u16=full_duty(q_i)),q_a['curve'],q_a['lowest'],q_i)
q_m=q_b.get('meter')
q_m=Meter(uart(q_m,4800),q_m.get('counts_for_10_w',5960)) if q_m else None
def q_p():
 e=time.ticks_add(time.ticks_ms(),8000)
 new=False
 while q_m and not new and time.ticks_diff(e,time.ticks_ms())>0:
  new=q_m.poll(time.ticks_ms())
  time.sleep_ms(50)
 print('P',q_m.power_mw if new else -1)
"""
)

#: Every file that makes it this node, and the counts in NVS; where the light is, stays: the lamp is full after the next start.
FORGET = """
import os
from esp32 import NVS
def _wipe(p):
 try:
  for e in os.ilistdir(p):
   q=p+'/'+e[0]
   if e[1]&0x4000:
    _wipe(q)
    os.rmdir(q)
   else:
    os.remove(q)
 except OSError:
  pass
_wipe('/data')
for p in ('/crash','/slots.new'):
 try:
  os.remove(p)
 except OSError:
  pass
q_n=NVS('lykta')
for k in ('boots','failed','rung','order','number','settings','over_level','over_end'):
 try:
  q_n.erase_key(k)
 except OSError:
  pass
q_n.commit()
if hasattr(os,'sync'):
 os.sync()
print(repr(os.listdir('/data')))
"""

#: Puts the file /incoming in place of one in the store, keeping the old one as the previous.
KEEP = """
import os
from esp32 import NVS
from lykta_node.drivers.store import Store
with open('/incoming','rb') as f:
 q_d=f.read()
Store('/data',NVS('lykta')).write({name!r},q_d,{version})
os.remove('/incoming')
"""


def watch(seconds: int) -> str:
    """Run the node for so long, and tell what it sees and hears."""
    return _filled(seconds, "")


def walk(seconds: int) -> str:
    """The same, as a walk-test: lamp and LED show each detection."""
    return _filled(seconds, _WALK.format(ms=seconds * 1000))


def identify(seconds: int) -> str:
    """The same, with the LED and the lamp blinking."""
    return _filled(seconds, _IDENTIFY)


def _filled(seconds: int, begin: str) -> str:
    return _WATCH.format(
        ms=seconds * 1000, begin=begin, number=row.NUMBER, frame=row.FRAME, classes=row.CLASSES, speed=row.SPEED, came=row.CAME,
        seen=row.STILL_SEEN,
    )  # fmt: skip


@dataclass(frozen=True)
class Happened:
    """One event that a program printed. `kind`: the letter; `numbers`: what follows it; `text`: all that follows it."""

    kind: str
    text: str
    numbers: tuple[int, ...]


def events(lines: Iterable[str]) -> Iterator[Happened]:
    """The events among lines; others are the node's own log."""
    for line in lines:
        letter, _, rest = line.partition(" ")
        if len(letter) == 1 and letter in "!SHDFPE":
            words = rest.split()
            whole = all(word.lstrip("-").isdigit() for word in words)
            yield Happened(letter, rest, tuple(int(word) for word in words) if whole else ())
