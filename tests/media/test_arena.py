"""Memory that two processes share: what is lent is never written over, what is free is reused."""

import gc
import os
import random

import numpy as np
import pytest

from mmjudge.media import arena
from mmjudge.media.arena import Arena, Lending


@pytest.fixture
def sides():
    lending = Lending()
    yield Arena(lending.descriptor), lending
    lending.close()


def test_what_is_lent_is_never_written_over(sides):
    """Blocks of all sizes, given back in any order: each reads as it was written until then."""
    writer, reader = sides
    chance = random.Random(0)
    held: list[tuple[np.ndarray, bytes]] = []
    for turn in range(2_000):
        raw = bytes([turn % 251]) * chance.choice([0, 1, 4095, 4096, 50_000, 300_000])
        held.append((reader.lend(writer.put(raw)), raw))
        chance.shuffle(held)
        del held[chance.randrange(40) :]
        writer.take_back(reader.returned())
        for array, written in held:
            assert array.tobytes() == written


def test_memory_is_reused_when_its_reader_is_done(sides):
    writer, reader = sides
    for _ in range(500):
        array = reader.lend(writer.put(bytes(1_000_000)))
        del array
        writer.take_back(reader.returned())
    assert os.fstat(reader.descriptor).st_size == arena.SEGMENT


def test_a_view_of_a_view_keeps_the_memory(sides):
    writer, reader = sides
    view = reader.lend(writer.put(np.arange(12, dtype=np.uint8).tobytes())).reshape(3, 4)[1:]
    gc.collect()
    assert not reader.returned()
    assert view.tolist() == [[4, 5, 6, 7], [8, 9, 10, 11]]
    del view
    assert len(reader.returned()) == 1


def test_idle_memory_goes_back_to_the_system(sides, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(arena, "IDLE", 4 << 20)
    writer, reader = sides
    arrays = [reader.lend(writer.put(os.urandom(1 << 20))) for _ in range(32)]
    used = os.fstat(reader.descriptor).st_blocks * 512
    assert used >= 32 << 20
    arrays.clear()
    writer.take_back(reader.returned())
    assert os.fstat(reader.descriptor).st_blocks * 512 <= used - (27 << 20)


def test_what_is_lent_outlives_the_file(sides):
    writer, reader = sides
    array = reader.lend(writer.put(b"kept"))
    reader.close()
    assert array.tobytes() == b"kept"


def test_a_block_larger_than_a_segment_has_one_of_its_own(sides, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(arena, "SEGMENT", 1 << 16)
    writer, reader = sides
    raws = [os.urandom(size) for size in (100, 1 << 20, 100, 1 << 18)]
    arrays = [reader.lend(writer.put(raw)) for raw in raws]
    assert [array.tobytes() for array in arrays] == raws
