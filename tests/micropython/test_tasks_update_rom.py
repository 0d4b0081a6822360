"""Updates on a runtime with ROM partitions: the image goes into the idle one, block by block, and counts only as a whole."""

import sys

import vfs

_PARTITION = 16_384
_BLOCK = 4_096
_UNIT = 16


class Flash:
    """What a runtime with two ROM partitions adds to `vfs`: a flash of which only what was erased can be written."""

    VfsLfs2, VfsPosix, mount, umount = vfs.VfsLfs2, vfs.VfsPosix, vfs.mount, vfs.umount

    def __init__(self):
        self.memory = [bytearray(_PARTITION), bytearray(_PARTITION)]
        self.erased = []
        self.complete = 0
        self.broken = False

    def rom_ioctl(self, operation, number=0, at=0, data=None):
        if operation == 1:
            return 2
        memory = self.memory[number]
        if operation == 2:
            return memoryview(memory)
        if operation == 3:
            assert at % _BLOCK == 0 and data == _BLOCK, "blocks are erased one by one"
            self.erased.append(at)
            memory[at : at + data] = b"\xff" * data
            return _UNIT
        if operation == 4:
            assert at % _UNIT == 0 and len(data) % _UNIT == 0
            assert memory[at : at + len(data)] == b"\xff" * len(data), "written twice"
            if not self.broken:
                memory[at : at + len(data)] = data
            return 0
        if operation == 5:
            self.complete += 1
            return 0
        return _BLOCK if operation == 6 else -22


flash = sys.modules["vfs"] = Flash()

import bundles  # noqa: E402 - the runtime has its partitions before anything of ours
import post  # noqa: E402
from updates import NEW, OLD, Host, Made, answers  # noqa: E402

from lykta_node.core import bundle as form  # noqa: E402
from lykta_node.tasks import slotrom, slots  # noqa: E402, F401 - found before the folder of the test is all there is

IMAGE = bytes([number * number >> 3 & 255 for number in range(9_001)])
BUNDLE = bundles.Bundle({"rom.img": IMAGE}, form=form.IMAGE)


def node():
    """A node whose slot a is in use."""
    post.write({})
    slots.write("a", "-")
    return Made()


def test_image__goes_into_the_partition_of_the_idle_slot():
    """Erased block by block, as far as it is needed; verified; the slot's folder has the manifest."""
    made = node()
    assert made.take(BUNDLE)
    assert IMAGE == bytes(flash.memory[1][: len(IMAGE)])
    assert bytes(_PARTITION) == bytes(flash.memory[0])
    assert ([0, 4_096, 8_192], 1) == (flash.erased, flash.complete)
    assert (("a", "b"), BUNDLE.head) == (slots.record(), slots.manifest("b"))


def test_image__that_is_there_is_not_written_again():
    """A cut between the last piece and the manifest costs nothing but the list, which was kept as well."""
    made = node()
    flash.memory[1][: len(IMAGE)] = IMAGE
    host = Host(made.mailbox, BUNDLE)
    assert made.take(BUNDLE, host=host)
    assert ({0}, []) == (set(host.asked), flash.erased)


def test_image__that_does_not_fit_or_does_not_stay_is_refused():
    """Larger than the partition; a flash that keeps nothing; files in the place of an image."""
    made = node()
    large = bundles.Bundle({"rom.img": bytes(_PARTITION + 1)}, "3.0", form=form.IMAGE)
    assert not made.take(large)
    assert (False, "bad list") == answers(made)[-1]
    flash.broken = True
    assert not made.take(BUNDLE)
    assert (False, "damaged: rom.img") == answers(made)[-1]
    for files in (NEW, OLD):
        assert not made.take(bundles.Bundle(files))
        assert [(False, "other form of slots")] == answers(made)
    assert ("a", "-") == slots.record()
