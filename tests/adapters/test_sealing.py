"""What is sealed can be read by who has the context and one of the secrets, and by nobody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sealing import Sealer

KEYS = [bytes([number]) * 32 for number in range(4)]
contexts = st.binary(max_size=200)
contents = st.binary(max_size=500)


def test_without_a_secret_nothing_is_sealed() -> None:
    with pytest.raises(ValueError, match="secret"):
        Sealer([])


@given(st.sampled_from(KEYS), contexts, contents)
def test_what_was_sealed_is_opened_in_the_same_context(key: bytes, context: bytes, content: bytes) -> None:
    assert Sealer([key]).opened(context, Sealer([key]).seal(context, content)) == content


@given(contexts, contexts, contents)
def test_in_another_context_it_stays_closed(one: bytes, another: bytes, content: bytes) -> None:
    sealer = Sealer(KEYS)
    expected = content if one == another else None
    assert sealer.opened(another, sealer.seal(one, content)) == expected


@given(st.permutations(KEYS), st.integers(1, 3), contexts, contents)
def test_only_a_known_secret_opens_it(keys: list[bytes], known: int, context: bytes, content: bytes) -> None:
    """Sealed with the first of all; whoever knows only some of them may have that one among them, or not."""
    seal = Sealer(keys).seal(context, content)
    assert Sealer(keys[:known]).opened(context, seal) == content
    assert Sealer(keys[known:]).opened(context, seal) is None


@given(contexts, contents)
def test_secrets_are_exchanged_by_putting_the_new_one_first(context: bytes, content: bytes) -> None:
    old, both, new = Sealer([KEYS[0]]), Sealer([KEYS[1], KEYS[0]]), Sealer([KEYS[1]])
    before, after = old.seal(context, content), both.seal(context, content)
    assert both.opened(context, before) == both.opened(context, after) == new.opened(context, after) == content
    assert new.opened(context, before) is None
    assert old.opened(context, after) is None


@given(contexts, contents)
def test_no_seal_is_made_twice(context: bytes, content: bytes) -> None:
    sealer = Sealer(KEYS[:1])
    assert sealer.seal(context, content) != sealer.seal(context, content)


@given(contexts, contents, st.data())
def test_a_seal_that_was_changed_or_cut_stays_closed(context: bytes, content: bytes, data: st.DataObject) -> None:
    sealer = Sealer(KEYS[:2])
    seal = sealer.seal(context, content)
    place = data.draw(st.integers(0, len(seal) - 1))
    changed = bytes([*seal[:place], seal[place] ^ 1, *seal[place + 1 :]])
    assert sealer.opened(context, changed) is None
    assert sealer.opened(context, seal[:place]) is None


@given(st.binary(max_size=40))
def test_what_is_no_seal_stays_closed(junk: bytes) -> None:
    assert Sealer(KEYS[:1]).opened(b"context", junk) is None


@given(contexts, contexts)
def test_fingerprints_tell_contexts_apart(one: bytes, another: bytes) -> None:
    sealer = Sealer(KEYS[:1])
    assert (sealer.fingerprint(one) == sealer.fingerprint(another)) is (one == another)
    assert sealer.knows(sealer.fingerprint(one), another) is (one == another)


@given(contexts)
def test_a_fingerprint_is_known_while_its_secret_is(context: bytes) -> None:
    before = Sealer([KEYS[0]]).fingerprint(context)
    assert Sealer([KEYS[1], KEYS[0]]).knows(before, context)
    assert not Sealer([KEYS[1]]).knows(before, context)


@given(contexts)
def test_a_fingerprint_is_not_what_seals(context: bytes) -> None:
    sealer = Sealer(KEYS[:1])
    seal = sealer.seal(context, context)
    assert sealer.fingerprint(context) not in seal
