import numpy as np
import pytest
from scipy import stats

from connectors.sandbox.draws import MAXIMUM_SEED, philox, uniforms

# The known answers that the authors of the generator publish with their reference implementation, Philox-4x32-10.
KNOWN_ANSWERS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN_ANSWERS)
def test_reproduces_the_published_vectors(
    counter: tuple[int, ...], key: tuple[int, int], expected: tuple[int, ...]
) -> None:
    words = philox(tuple(np.array([word], dtype=np.uint64) for word in counter), key)  # type: ignore[arg-type]  # four words
    assert tuple(int(word[0]) for word in words) == expected


def test_a_subject_draws_the_same_whoever_else_is_drawn() -> None:
    everyone = np.arange(10_000)
    together = uniforms(7, everyone, stream=3, index=2)
    alone = uniforms(7, np.array([4_321]), stream=3, index=2)
    assert [draw[4_321] for draw in together] == [draw[0] for draw in alone]


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 8},
        {"seed": 7 + 2**32},
        {"subject": 2**32},
        {"stream": 1},
        {"index": 1},
    ],
)
def test_every_part_of_the_address_gives_other_numbers(other: dict[str, int]) -> None:
    address = {"seed": 7, "subject": 0, "stream": 0, "index": 0}

    def draw(seed: int, subject: int, stream: int, index: int) -> np.ndarray:
        return np.concatenate(uniforms(seed, np.arange(subject, subject + 1_000), stream=stream, index=index))

    assert not np.isin(draw(**address), draw(**(address | other))).any()


def test_numbers_are_uniform_and_independent() -> None:
    first, second = uniforms(MAXIMUM_SEED, np.arange(200_000), stream=0)
    for draw in (first, second):
        assert 0 < draw.min() < 1e-4
        assert 1 - 1e-4 < draw.max() < 1
        assert stats.kstest(draw, "uniform").pvalue > 0.001
    # A standard error of a correlation of 200,000 pairs is 0.0022.
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.01
    assert abs(np.corrcoef(first[1:], first[:-1])[0, 1]) < 0.01
