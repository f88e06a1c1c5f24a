"""`perennial loyalty budget`: who is worth which reward, why the others get none, and giving it."""

import polars as pl
import structlog
import typer

from activation.loyalty.giving import give as give_points
from activation.loyalty.giving import propose
from models.errors import MisconfiguredError
from orchestration.deployment import open_deployment
from orchestration.loyalty_stage import ledger_of
from orchestration.measured_uplifts import measured_uplifts
from orchestration.settings import Settings
from orchestration.stored_forecasts import merchant_named

_log = structlog.get_logger(__name__)


def show_budget(settings: Settings, merchant: str | None, *, show: int, give: bool) -> None:
    """Print a budget's choice, and give it if that is asked for.

    Raises:
        MisconfiguredError: The merchant declares no budget, or no reward with an uplift.
        StopError: No night has posted the programme.
    """
    with open_deployment(settings) as deployment:
        found = merchant_named(deployment, merchant)
        ledger = ledger_of(deployment, found, run_id="command", recorded_at=deployment.clock())
        key = f"merchants[{deployment.configuration.merchants.index(found)}].loyalty"
        budget = ledger.programme.budget
        if budget is None:
            raise MisconfiguredError(f"{key}.budget", "is needed: the cap, and the margin of another unit of revenue")
        if not any(reward.uplift for reward in ledger.programme.rewards):
            raise MisconfiguredError(f"{key}.rewards", "none says what it brings about; give one an uplift")
        engine = deployment.transformer
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
            measured, silent = measured_uplifts(connection, found, ledger.programme)
            proposal = propose(connection, ledger, budget, measured=measured)
        for campaign, why in silent.items():
            typer.secho(
                f"campaign {campaign} measures no uplift yet ({why}): the declared one counts, and may be wrong",
                fg=typer.colors.YELLOW,
                err=True,
            )
            _log.warning("uplift_not_measured", merchant_id=ledger.merchant_id, campaign=campaign, reason=why)
        given = None
        if give:
            with engine.begin() as connection:
                given = give_points(connection, ledger, proposal.choice)
    choice, code = proposal.choice, ledger.currency_code
    chosen = choice.choices.filter(pl.col("reward").is_not_null())
    typer.echo(
        f"programme {ledger.programme.name}: {proposal.outstanding:,.2f} {code} owed already, "
        f"{choice.cap:,.2f} {code} left under the cap"
    )
    typer.echo(
        f"  {chosen.height:,} of {choice.choices.height:,} customers get a reward: {choice.worst_liability:,.2f} "
        f"{code} if all are used, {choice.expected_gain:,.2f} {code} of margin expected beyond what they cost"
    )
    for offer in proposal.offers:
        its = chosen.filter(pl.col("reward") == offer.name)
        typer.echo(
            f"  {offer.name}: {its.height:,} customers; uplift {offer.uplift:.1%} "
            f"({offer.uplift_low:.1%} to {offer.uplift_high:.1%}), {proposal.sources[offer.name]}"
        )
    for reason, count in choice.choices["reason"].value_counts(sort=True).iter_rows():
        typer.echo(f"  {count:,}: {reason}")
    if proposal.given_lately:
        typer.echo(f"  {proposal.given_lately:,}: were given one within the horizon, and are left out")
    for row in chosen.sort("return_rate", "customer_id", descending=[True, False]).head(show).iter_rows(named=True):
        typer.echo(
            f"  {row['customer_id']}: {row['reward']}, expected {row['expected_gain']:,.2f} {code} beyond its cost, "
            f"at most {row['most_gain']:,.2f} {code} of margin"
        )
    if given is not None:
        typer.echo(f"{given:,} customers were given the points that their reward costs")
