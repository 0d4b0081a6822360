"""The main.py of a node whose memory is measured: the app as main.py runs it, and a line of JSON for each figure on the console.

{"module": name, "bytes": heap that its import took}      modules in the order of the file `/order`: each after all it imports
{"begin": bytes}                                          what was in use before any of ours, shims included
{"node": bytes}                                           after all was constructed
{"running": bytes, "free": bytes, "outside": bytes, "post": 1}
    every minute, after a collection; `outside`: of the C library, where it tells; `post`: with how many it has a session for letters
"""

import asyncio
import gc
import json


def used():
    """Bytes in use, without rubbish."""
    gc.collect()
    gc.collect()
    return gc.mem_alloc()


def outside():
    """Bytes that the C library has given out and not got back, as glibc tells: mbedTLS's, the most of them. 0 where it does not tell."""
    try:
        import ffi
    except ImportError:
        return 0
    libc = ffi.open("libc.so.6")
    text = bytearray(8192)
    file = libc.func("p", "fmemopen", "pIs")(text, len(text), "w")
    libc.func("i", "malloc_info", "ip")(0, file)
    libc.func("i", "fclose", "p")(file)
    told = bytes(text).decode().split("</heap>")[-1]
    return _told(told, '<system type="current"') - _told(told, '<total type="fast"') - _told(told, '<total type="rest"')


def _told(text, tag):
    """The size that a tag of glibc's text has."""
    return int(text.split(tag)[1].split('size="')[1].split('"')[0])


def load(names):
    """Import modules one by one."""
    sizes = [0] * (len(names) + 1)
    sizes[0] = used()
    for number, name in enumerate(names):
        __import__(name)
        sizes[number + 1] = used()
    return sizes


def greeted(mail):
    """With how many a lamp or a gateway has a session; 0 for a node without letters by radio."""
    if hasattr(mail, "peers"):
        return sum([bool(peer.secret) for peer in mail.peers.values()])
    return int(mail is not None and mail.session is not None)


async def watch(node, life):
    """Print what is in use while the node lives."""
    while not life.done():
        await asyncio.sleep_ms(60_000)
        print(json.dumps({"running": used(), "free": gc.mem_free(), "outside": outside(), "post": greeted(node.mesh.airmail)}))


async def main(names):
    """A node's life, watched."""
    sizes = load(names)
    print(json.dumps({"begin": sizes[0]}))
    for number, name in enumerate(names):
        print(json.dumps({"module": name, "bytes": sizes[number + 1] - sizes[number]}))
    del sizes
    from lykta_node.app import Node

    node = Node()
    print(json.dumps({"node": used()}))
    life = asyncio.create_task(node.life())
    await watch(node, life)


with open("/order") as _file:
    _names = _file.read().split()
asyncio.run(main(_names))
