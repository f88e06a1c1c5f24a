"""People who do not exist, for customers of whom only an id is known.

Everything about a person follows from a digest of merchant, customer and seed: the same three always give the same
person, on every machine and in any order. Addresses are in domains that are reserved for examples, so that no message
can reach anybody. Every record is marked as generated.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from models.records.files import CUSTOMERS

# Name, and after a colon the name as an address can hold it where that is not the name in lower case.
_FIRST_NAMES = """
Ada Aaliyah Adrián:adrian Aiko Aisha Alejandra Amara Amélie:amelie Ana Anders Aniela Anton Arjun Astrid Ayşe:ayse
Beatriz Benedikt Björn:bjoern Carlos Chiara Chidi Chloé:chloe Dagný:dagny Daniel Darius David Deepa Diego Elena
Eliška:eliska Emeka Emily Émile:emile Erik Esra Fatima Felix Femi Fiona François:francois Freya Gabriel Giulia Grace
Gustav Hana Hannah Hassan Hugo Ines Ingrid Isaac Isabella Jamal James Jana Jürgen:juergen José:jose Joanna Kai Karim
Kateřina:katerina Kenji Lars Laura Leila Leo Lin Łukasz:lukasz Maeve Malik Marek Margaret María:maria Marta Matteo
Mehmet Mei Miguel Mina Mohammed Nadia Naoko Nils Noah Nora Olena Oliver Omar Óscar:oscar Paula Pedro Priya Quentin
Rachel Rafael Ravi Renée:renee Rosa Ruth Samir Sara Siobhán:siobhan Sofia Søren:soeren Tariq Tess Thabo Thomas
Tomás:tomas Uma Valentina Viktor Wanjiru Wei William Xavier Yara Yusuf Zoë:zoe Zofia
"""
_LAST_NAMES = """
Abebe Achterberg Adeyemi Åkesson:akesson Almeida Andersson Aydin Banerjee Bauer Becker Bianchi Bjarnason Blanc Brandt
Brown Carvalho Castillo Černý:cerny Chen Clarke Costa Cruz Dąbrowski:dabrowski Davies Delgado Diallo Dubois Eriksen
Farah Fernández:fernandez Ferrari Fischer Fontaine Fournier García:garcia Gomes González:gonzalez Grant Gupta Haddad
Hansen Hayashi Hernández:hernandez Hoffmann Horvat Hughes Ibrahim Ito Ivanova Jackson Jansen Johansson Johnson
Jönsson:joensson Kamau Kaya Keller Khan Kim Kowalski Kumar Lambert Larsen Lefèvre:lefevre Lehmann Lindqvist López:lopez
Mbeki Meyer Mishra Moreau Morales Morgan Müller:mueller Murphy Nakamura Ndlovu Nguyen Nielsen Novák:novak Nowak
O'Brien:obrien Okafor Oliveira Olsen Öztürk:oeztuerk Papadopoulos Park Patel Pereira Petrov Popescu Ramos Reyes Ricci
Roberts Rossi Ruiz Santos Sato Schmidt Schneider Sharma Silva Singh Smith Sørensen:soerensen Suzuki Szabó:szabo Taylor
Torres Tremblay Usman Vandijk Virtanen Walker Wang Watanabe Weiß:weiss Williams Wright Yamamoto Zhang
Zieliński:zielinski
"""
_DOMAINS = ("example.com", "example.net", "example.org")
_CONSENT_SECONDS = 60 * 86_400
_BATCH_ROWS = 100_000


def generated_people(
    merchant_id: str, customer_ids: Sequence[str] | pl.Series, consent_before: pl.Series, *, seed: int = 0
) -> pa.Table:
    """A record of the customers' stream for each id, in the order of the ids.

    About 80 of 100 agreed to marketing emails, 12 refused, and of 8 it is unknown. Who decided did so within the sixty
    days before `consent_before`.

    Args:
        merchant_id: The tenant; the same customer id is somebody else at another merchant.
        customer_ids: The customers.
        consent_before: An instant in UTC for each, such as that of the first order.
        seed: Another seed gives other people.
    """
    ids = pl.Series(customer_ids, dtype=pl.String)
    # A slice at a time, for the digests of a million customers are a few hundred megabytes of small objects.
    batches = [
        _people(merchant_id, ids[start : start + _BATCH_ROWS], consent_before[start : start + _BATCH_ROWS], seed)
        for start in range(0, len(ids), _BATCH_ROWS)
    ]
    return pa.Table.from_batches(batches, schema=CUSTOMERS.schema)


def _people(merchant_id: str, ids: pl.Series, consent_before: pl.Series, seed: int) -> pa.RecordBatch:
    prefix = f"{merchant_id}\0{seed}\0".encode()
    digests = [hashlib.blake2b(prefix + own.encode(), digest_size=25).digest() for own in ids.to_list()]
    packed = np.frombuffer(b"".join(digests), dtype=np.uint8).reshape(-1, 25)
    words = np.ascontiguousarray(packed[:, :20]).view(">u4").astype(np.uint64)
    firsts, lasts = _names(_FIRST_NAMES), _names(_LAST_NAMES)
    first, last = _choice(words[:, 0], len(firsts)), _choice(words[:, 1], len(lasts))
    percent = _choice(words[:, 3], 100)
    frame = pl.DataFrame(
        {
            "customer_id": ids,
            "first_name": pl.Series([name for name, _ in firsts])[first],
            "last_name": pl.Series([name for name, _ in lasts])[last],
            "plain_first": pl.Series([plain for _, plain in firsts])[first],
            "plain_last": pl.Series([plain for _, plain in lasts])[last],
            "domain": pl.Series(_DOMAINS)[_choice(words[:, 2], len(_DOMAINS))],
            # Forty bits of the digest that nothing else uses keep two people of one name apart.
            "number": pl.Series([digest[20:].hex() for digest in digests], dtype=pl.String),
            "percent": pl.Series(percent),
            "seconds": pl.Series(_choice(words[:, 4], _CONSENT_SECONDS) + 1),
            "before": consent_before.cast(pl.Datetime("us", "UTC")),
        }
    )
    has_decided = pl.col("percent") < 92
    table = frame.select(
        "customer_id",
        pl.concat_str("plain_first", pl.lit("."), "plain_last", pl.lit("."), "number", pl.lit("@"), "domain").alias(
            "email"
        ),
        "first_name",
        "last_name",
        pl.when(has_decided).then(pl.col("percent") < 80).alias("has_email_consent"),
        pl.when(has_decided).then(pl.col("before") - pl.duration(seconds="seconds")).alias("email_consent_at"),
        pl.lit(True).alias("is_generated"),
    ).to_arrow()
    for field in CUSTOMERS.schema:
        if field.name not in table.column_names:
            table = table.append_column(field, pa.nulls(len(table), field.type))
    return table.select(CUSTOMERS.column_names).cast(CUSTOMERS.schema).combine_chunks().to_batches()[0]


def _choice(words: npt.NDArray[np.uint64], count: int) -> npt.NDArray[np.int64]:
    """An evenly spread choice of `count` from 32 bits."""
    return ((words * np.uint64(count)) >> np.uint64(32)).astype(np.int64)


def _names(written: str) -> list[tuple[str, str]]:
    """Names, each with its form in an address."""
    pairs = (entry.partition(":") for entry in written.split())
    return [(name, plain or name.lower()) for name, _, plain in pairs]
