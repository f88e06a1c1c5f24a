"""Random draws that belong to a subject and not to a place in a sequence.

A draw is a function of (seed, subject, stream, index) alone, so that a customer is the same whether a hundred or a
million others are generated, in chunks of any size. The generator is Philox-4x32-10 (Salmon, Moraes, Dror and Shaw,
"Parallel random numbers: as easy as 1, 2, 3", 2011), whose published test vectors stand in the tests.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]

_MASK: Final = np.uint64(0xFFFFFFFF)
_SHIFT: Final = np.uint64(32)
_MULTIPLIERS: Final = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL: Final = (0x9E3779B9, 0xBB67AE85)
_ROUNDS: Final = 10
MAXIMUM_SEED: Final = 2**64 - 1


def philox(counter: tuple[Words, Words, Words, Words], key: tuple[int, int]) -> tuple[Words, Words, Words, Words]:
    """Four random 32-bit words for every counter.

    Args:
        counter: Four words of 32 bits each, as arrays that broadcast against each other.
        key: Two words of 32 bits.

    Returns:
        Four arrays of words of 32 bits, in 64-bit integers.
    """
    c0, c1, c2, c3 = np.broadcast_arrays(*counter)
    k0, k1 = key
    for _ in range(_ROUNDS):
        first, second = c0 * _MULTIPLIERS[0], c2 * _MULTIPLIERS[1]
        c0, c1, c2, c3 = (
            (second >> _SHIFT) ^ c1 ^ np.uint64(k0),
            second & _MASK,
            (first >> _SHIFT) ^ c3 ^ np.uint64(k1),
            first & _MASK,
        )
        k0, k1 = (k0 + _WEYL[0]) & 0xFFFFFFFF, (k1 + _WEYL[1]) & 0xFFFFFFFF
    return c0, c1, c2, c3


def uniforms(
    seed: int, subjects: NDArray[np.int64], *, stream: int, index: int | NDArray[np.int64] = 0
) -> tuple[Floats, Floats]:
    """Two independent uniform numbers per subject and index, strictly between 0 and 1.

    Args:
        seed: The merchant's seed, 0 to 2**64 - 1.
        subjects: Numbers of the customers, 0 or more; shape (n,).
        stream: What the draw is for; streams are independent of each other.
        index: Which draw of the stream, such as the number of the purchase; one for all, or one per subject.

    Returns:
        Two arrays of shape (n,), with 53 random bits each.
    """
    subject = subjects.astype(np.uint64)
    counter = (
        subject & _MASK,
        subject >> _SHIFT,
        np.asarray(index, dtype=np.uint64),
        np.asarray(stream, dtype=np.uint64),
    )
    words = philox(counter, (seed & 0xFFFFFFFF, seed >> 32))
    return _open_unit(words[0], words[1]), _open_unit(words[2], words[3])


def _open_unit(high: Words, low: Words) -> Floats:
    """A double in (0, 1) from 53 bits of two words; never an end, since logarithms and quantiles are taken of it."""
    bits = (high << np.uint64(21)) | (low >> np.uint64(11))
    return np.minimum((bits.astype(np.float64) + 0.5) * 2.0**-53, 1.0 - 2.0**-53)
