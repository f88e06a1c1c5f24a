"""Which builds of dbt's may write touched rows alone, instead of building every table whole.

Touched is what differs from what the tables were last built from, which they remember themselves. That holds only after
a build of the whole stage that came to its end, and of this very project: what a build that broke off left behind, what
somebody built by hand, and what another project's SQL made would stay as it is. The tests are no part of it: what they
find fault with is built from its inputs all the same.
"""

from models import stage_builds
from orchestration.merchant_run import MerchantRun

# What dbt reads it from: dbt_project/macros/touched_rows.sql.
VARIABLE = "PERENNIAL_DBT_ROWS"


def rows_to_write(run: MerchantRun, stage: str, *, code_digest: str) -> str:
    """`touched` if the stage's tables are those of this project's last build, else `all`; for `VARIABLE`."""
    with run.deployment.loader.connect() as connection:
        is_of_last_build = stage_builds.built_by(connection, rows_of(stage), code_digest) is not None
    return "touched" if is_of_last_build else "all"


def rows_of(stage: str) -> str:
    """What the rows of a stage are called among the builds."""
    return f"{stage}: rows"
