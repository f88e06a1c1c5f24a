"""Names and addresses of people who do not exist.

Addresses lie below `.example`, which no mail can ever reach.
"""

import numpy as np
import polars as pl

from connectors.sandbox.draws import uniforms
from connectors.sandbox.purchase_process import PERSON, Integers

_FIRST_NAMES = (
    "Ada Aisha Amara Anton Bea Bjørn Carla Chen Dalia Daniel Elif Emil Farah Felix Gita Hana Hugo Ines Ivan Jonas Juan "
    "Kaja Kenji Lea Liam Maja Mateo Mira Nadia Nils Olga Omar Paula Priya Rosa Samir Tariq Uma Vera Yuki"
).split()
_LAST_NAMES = (
    "Abbas Álvarez Andersen Bakker Baptiste Costa Dahl Dubois Eriksen Fischer Fujita García Haddad Horvat Ibrahim Jansen "
    "Kaya Khan Kowalski Larsen Li Lindqvist Maier Mensah Moreau Nakamura Nowak O'Brien Okafor Olsen Patel Petrov Rossi "
    "Sánchez Sato Silva Singh Tanaka Weber Yılmaz"
).split()


def names(seed: int, customers: Integers) -> tuple[pl.Series, pl.Series]:
    """First and last names of these customers."""
    first, last = uniforms(seed, customers, stream=PERSON, index=1)
    return _pick(_FIRST_NAMES, first), _pick(_LAST_NAMES, last)


def _pick(choices: list[str], draw: np.ndarray[tuple[int], np.dtype[np.float64]]) -> pl.Series:
    return pl.Series(choices, dtype=pl.String).gather((draw * len(choices)).astype(np.uint32))


def addresses(customers: pl.Expr, merchant_id: str) -> pl.Expr:
    """The email address of each customer number: one per person, whatever ids they order under."""
    domain = "".join(c if c.isascii() and c.isalnum() else "-" for c in merchant_id.lower()).strip("-") or "shop"
    return pl.concat_str([pl.lit("person."), padded(customers, 8), pl.lit(f"@{domain}.example")])


def padded(numbers: pl.Expr, width: int) -> pl.Expr:
    """Numbers as text with leading zeros, so that ids sort as their numbers do."""
    return numbers.cast(pl.String).str.zfill(width)
