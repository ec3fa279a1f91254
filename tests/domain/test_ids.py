"""Ids that sort by time."""

import time
from uuid import RFC_4122

from hypothesis import given
from hypothesis import strategies as st

from domain.shared.ids import uuid7

MILLISECONDS = st.integers(min_value=0, max_value=2**48 - 1)


@given(MILLISECONDS)
def test_an_id_has_the_layout_of_version_7(milliseconds: int) -> None:
    made = uuid7(milliseconds)
    assert made.version == 7
    assert made.variant == RFC_4122
    assert made.int >> 80 == milliseconds


@given(MILLISECONDS, MILLISECONDS)
def test_later_ids_sort_behind_earlier_ones(one: int, other: int) -> None:
    earlier, later = sorted((one, other))
    if earlier < later:
        first, second = uuid7(earlier), uuid7(later)
        assert first < second
        assert str(first) < str(second)
        assert first.bytes < second.bytes


def test_an_id_is_stamped_with_the_present_unless_told() -> None:
    before = time.time_ns() // 1_000_000
    stamp = uuid7().int >> 80
    assert before <= stamp <= time.time_ns() // 1_000_000


def test_ids_of_the_same_millisecond_differ_in_all_their_random_bits() -> None:
    made = [uuid7(0).int for _ in range(1_000)]
    assert len(set(made)) == len(made)
    ever_set, always_set = 0, (1 << 128) - 1
    for one in made:
        ever_set |= one
        always_set &= one
    # 12 bits behind the version and 62 behind the variant are free, the other 54 are the same in all of them
    assert (ever_set ^ always_set).bit_count() == 74
