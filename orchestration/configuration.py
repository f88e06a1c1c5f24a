"""`perennial.yml`: what to pull, score and send, as typed declarations.

Each package owns the shape of its own part (a source's settings, an audience's rule, a destination's settings); this
module puts them together and turns every mistake into one error that names the key. Secrets are references to the
environment (`${NAME}`) and are resolved here, so that no other module sees the environment.
"""

import re
from collections.abc import Hashable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from activation.audiences import Audience
from activation.campaigns.declarations import Campaign, Mail
from activation.loyalty.programme import Programme
from activation.payloads import Sync
from activation.segments.criteria import Segment
from connectors.currencies import MINOR_DIGITS
from connectors.destinations import AnySettings, DestinationSettings
from connectors.sources import SourceSettings
from models.errors import MisconfiguredError
from orchestration.campaign_settings import check_campaigns
from orchestration.configuration_errors import misconfigured
from orchestration.identity_settings import Identity

# Whatever is written like a reference is one: a misspelt name must not pass for the secret that it was to stand for.
_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DESTINATION: TypeAdapter[AnySettings] = TypeAdapter(DestinationSettings)


def _known_zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError(f"{value!r} is not an IANA time zone; write one such as Europe/Berlin")
    return value


def _known_currency(value: str) -> str:
    if value not in MINOR_DIGITS:
        raise ValueError(f"{value!r} is not an ISO 4217 currency code; write one such as EUR")
    return value


Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
TimeZone = Annotated[str, AfterValidator(_known_zone)]
CurrencyCode = Annotated[str, AfterValidator(_known_currency)]


class Declaration(BaseModel):
    """The base of everything in `perennial.yml`: an unknown key is an error, and nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DatedRate(Declaration):
    """An exchange rate from a day on."""

    valid_from_date: date = Field(description="The first day that the rate holds for, until the next one's.")
    rate: Decimal = Field(gt=0, description="Units of the merchant's currency for one unit of this currency.")


class Reconciliation(Declaration):
    """Mismatches between the total of an order or refund and its parts that the merchant has looked at and accepts."""

    tolerance_amount: Decimal = Field(
        default=Decimal(0),
        ge=0,
        lt=10**14,
        description="How far any order's or refund's total may be from what its parts add up to, in its own currency.",
    )
    accepted_order_ids: list[Annotated[str, Field(min_length=1, coerce_numbers_to_str=True)]] = Field(
        default_factory=list,
        description="Orders whose totals, and whose refunds' totals, may be anything, by the ids that the check names.",
    )


class Store(Declaration):
    """One shop of a merchant, and where its records come from."""

    store_id: Identifier = Field(description="Small letters, digits, - and _; stands in every record of the store.")
    source: SourceSettings = Field(description="Where the store's records come from, and how they are read.")
    reconciliation: Reconciliation = Field(
        default=Reconciliation(),
        description="What a plugin or a person made of totals, for a store whose parts do not always add up to them.",
    )


class Prediction(Declaration):
    """What the forecasts state: how far they look, and at what discount."""

    horizon_days: int = Field(default=365, ge=1, le=3650, description="The horizon of CLV and expected purchases.")
    annual_discount_rate: float = Field(default=0.10, ge=0, le=1, description="Discount of future spend, per year.")
    churn_horizon_days: int = Field(default=90, ge=1, le=3650, description="Churn means: no purchase within this time.")
    holdout_days: int | None = Field(
        default=None,
        ge=7,
        description="How far each backtest looks; default: up to 180 days, a third of a shorter history.",
    )
    has_challengers: bool = Field(
        default=True, description="Whether gradient boosting and other trained forecasts compete with the models."
    )
    opportunity: Literal["week", "month", "quarter", "year"] | None = Field(
        default=None,
        description="Where customers buy once in each or let it pass (a box, an appeal, an event): how long each is.",
    )
    shares_prior: bool = Field(
        default=False,
        description="Whether the fitted parameters, never a record, may take part in `perennial prior estimate`.",
    )


class Rfm(Declaration):
    """How customers are named by recency, frequency and spend; see `perennial rfm simulate`."""

    half_life_days: int = Field(
        default=180,
        ge=1,
        le=3650,
        description="After how many days a purchase weighs half in the weighted scores.",
    )
    recent_score: int = Field(default=4, ge=2, le=5, description="From which recency score on a customer is recent.")
    frequent_score: int = Field(
        default=4, ge=2, le=5, description="From which frequency score on a customer is frequent."
    )
    big_score: int = Field(
        default=4, ge=2, le=5, description="From which monetary score on a customer is a big spender."
    )


class Merchant(Declaration):
    """One tenant: its stores, how to count, and what to do with the results."""

    merchant_id: Identifier = Field(description="Small letters, digits, - and _; the first part of every key.")
    merchant_name: str = Field(description="The merchant's name, for people.")
    time_zone: TimeZone = Field(description="Decides the merchant's days.")
    currency_code: CurrencyCode = Field(description="The currency of analysis.")
    as_of_date: date | None = Field(default=None, description="Fixes the last day described; for closed histories.")
    zero_amount_days: Literal["count", "ignore"] = Field(
        default="count", description="Whether a day whose orders cost nothing is a purchase occasion."
    )
    max_rejected_rate: float = Field(default=0.01, ge=0, le=1, description="The share of bad rows that stops a read.")
    exchange_rates: dict[CurrencyCode, list[DatedRate]] = Field(
        default_factory=dict,
        description="Per other currency what it is worth: `{USD: 0.92}`, or a list of dated rates.",
    )
    stores: list[Store] = Field(min_length=1, description="The merchant's shops.")
    identity: Identity = Field(default=Identity(), description="What makes two records one person.")
    rfm: Rfm = Field(default=Rfm(), description="How customers are named by recency, frequency and spend.")
    prediction: Prediction = Field(default=Prediction(), description="What the forecasts state.")
    segments: list[Segment] = Field(
        default_factory=list, description="Groups of customers by criteria, whose members the marts keep."
    )
    audiences: list[Audience] = Field(default_factory=list, description="Groups of customers, each by a rule.")
    syncs: list[Sync] = Field(
        default_factory=list, description="Which audience or segment is told to which destination."
    )
    mail: Mail | None = Field(default=None, description="What every message of the merchant has in common.")
    campaigns: list[Campaign] = Field(
        default_factory=list, description="Messages that customers get on an occasion; see docs/campaigns.md."
    )
    loyalty: Programme | None = Field(default=None, description="Points, tiers and rewards.")

    @model_validator(mode="before")
    @classmethod
    def _plain_rates(cls, values: Any) -> Any:  # noqa: ANN401 - what stands in the file may be anything
        """Let `EUR: 1.1` stand for a rate that always held."""
        if isinstance(values, dict) and isinstance(rates := values.get("exchange_rates"), dict):
            dated = {
                code: rate if isinstance(rate, list) else [{"valid_from_date": date(1970, 1, 1), "rate": str(rate)}]
                for code, rate in rates.items()
            }
            return {**values, "exchange_rates": dated}
        return values


class Configuration(Declaration):
    """Everything that a deployment declares."""

    _faults: dict[str, MisconfiguredError] = PrivateAttr(default_factory=dict)

    merchants: list[Merchant] = Field(min_length=1, description="Whom this deployment works for.")
    destinations: list[DestinationSettings] = Field(default_factory=list, description="Tools that records are sent to.")

    def merchant(self, merchant_id: str) -> Merchant:
        """The merchant of that id.

        Raises:
            MisconfiguredError: No such merchant is declared.
        """
        for merchant in self.merchants:
            if merchant.merchant_id == merchant_id:
                return merchant
        declared = ", ".join(m.merchant_id for m in self.merchants)
        raise MisconfiguredError("merchants", f"no merchant {merchant_id!r} is declared; there are: {declared}")

    def destination(self, name: str) -> AnySettings:
        """The settings of the destination of that name.

        Raises:
            MisconfiguredError: It is not declared, or what is declared cannot be used.
        """
        if name in self._faults:
            raise self._faults[name]
        for destination in self.destinations:
            if destination.name == name:
                return destination
        raise MisconfiguredError("destinations", f"no destination {name!r} is declared")


def load_configuration(path: Path, references: Mapping[str, str], *, sets_faults_aside: bool = False) -> Configuration:
    """Read and check `perennial.yml`.

    Args:
        path: The file.
        references: What `${NAME}` may refer to.
        sets_faults_aside: Whether a destination that cannot be used, such as for a missing secret, is an error only of
            what is sent to it, told when it is asked for.

    Raises:
        MisconfiguredError: Names the first key at fault and lists the others.
    """
    try:
        written = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a SafeLoader
    except FileNotFoundError:
        raise MisconfiguredError(
            str(path.name), f"no such file in {path.parent}; set PERENNIAL_CONFIG or add it"
        ) from None
    except OSError as error:
        raise MisconfiguredError(str(path.name), f"cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, ValueError) as error:  # a date that is none, or bytes that are not UTF-8, is a ValueError
        raise MisconfiguredError(str(path.name), f"is not readable YAML: {error}") from None
    if not isinstance(written, dict):
        raise MisconfiguredError(str(path.name), "holds no declarations; it starts with `merchants:`")
    faults = _set_faults_aside(written, references) if sets_faults_aside else {}
    resolved = _resolve(written, references, key="")
    try:
        configuration = Configuration.model_validate(resolved)
    except ValidationError as error:
        raise misconfigured(error, resolved) from None
    configuration._faults.update(faults)  # noqa: SLF001 - no key of the file
    _check_names(configuration)
    for index, merchant in enumerate(configuration.merchants):
        key = f"merchants[{index}]"
        _unique(f"{key}.campaigns", "name", [campaign.name for campaign in merchant.campaigns])
        check_campaigns(
            merchant.campaigns,
            merchant.mail,
            key,
            {d.name for d in configuration.destinations} | set(faults),
            path.parent,
        )
    return configuration


def _set_faults_aside(written: dict[str, Any], references: Mapping[str, str]) -> dict[str, MisconfiguredError]:
    """Take out the destinations that cannot be used as they are declared; what is wrong with each, by its name."""
    declared = written.get("destinations")
    faults: dict[str, MisconfiguredError] = {}
    for index, entry in enumerate(declared if isinstance(declared, list) else []):
        resolved, key = None, f"destinations[{index}]"
        try:
            resolved = _resolve(entry, references, key=key)
            _DESTINATION.validate_python(resolved)
        except MisconfiguredError as error:
            fault = error
        except ValidationError as error:
            found = misconfigured(error, resolved)
            fault = MisconfiguredError(f"{key}.{found.key}", str(found).removeprefix(f"{found.key}: "))
        else:
            continue
        if isinstance(entry, dict) and isinstance(entry.get("name"), str):
            faults[entry["name"]] = fault
    if faults:
        kept = [e for e in declared or [] if not (isinstance(e, dict) and e.get("name") in faults)]
        written["destinations"] = kept
    return faults


class _Loader(yaml.SafeLoader):
    """YAML's plain types; a key that stands twice in one map is an error, for one of the two would be lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """The map, if no key of it stands twice."""
        seen: dict[str, int] = {}
        for key_node, _ in node.value:
            line = key_node.start_mark.line + 1
            if isinstance(key_node, yaml.ScalarNode) and seen.setdefault(key_node.value, line) != line:
                problem = f"{key_node.value!r} stands twice in one map, first in line {seen[key_node.value]}"
                raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
        return super().construct_mapping(node, deep)


def _resolve(value: Any, references: Mapping[str, str], *, key: str) -> Any:  # noqa: ANN401 - YAML holds anything
    """Replace every `${NAME}` in every text below a key."""
    if isinstance(value, dict):
        return {k: _resolve(v, references, key=f"{key}.{k}".lstrip(".")) for k, v in value.items()}
    if isinstance(value, list):
        return [_resolve(v, references, key=f"{key}[{i}]") for i, v in enumerate(value)]
    if not isinstance(value, str):
        return value

    def replace(match: re.Match[str]) -> str:
        name = match.group(1)
        if not _NAME.fullmatch(name):
            raise MisconfiguredError(key, f"refers to ${{{name}}}, which is no variable's name; write ${{NAME}}")
        if not references.get(name):
            raise MisconfiguredError(key, f"refers to ${{{name}}}, which the environment does not set")
        return references[name]

    return _REFERENCE.sub(replace, value)


def _check_names(configuration: Configuration) -> None:
    """Names must be unique, and what refers to a name must find it."""
    _unique("merchants", "merchant_id", [m.merchant_id for m in configuration.merchants])
    _unique("destinations", "name", [d.name for d in configuration.destinations])
    destinations = {d.name for d in configuration.destinations} | set(configuration._faults)  # noqa: SLF001 - see above
    for index, merchant in enumerate(configuration.merchants):
        key = f"merchants[{index}]"
        _unique(f"{key}.stores", "store_id", [s.store_id for s in merchant.stores])
        _unique(f"{key}.segments", "name", [s.name for s in merchant.segments])
        _unique(f"{key}.audiences", "name", [a.name for a in merchant.audiences])
        for code, rates in merchant.exchange_rates.items():
            days = [str(rate.valid_from_date) for rate in rates]
            _unique(f"{key}.exchange_rates.{code}", "valid_from_date", days)
        audiences = {a.name for a in merchant.audiences}
        for number, sync in enumerate(merchant.syncs):
            for field_name, name, known in (
                ("audience", sync.audience, audiences),
                ("destination", sync.destination, destinations),
            ):
                # A segment may be defined in the warehouse alone.
                if name is not None and name not in known:
                    choices = ", ".join(sorted(known)) or "none"
                    raise MisconfiguredError(
                        f"{key}.syncs[{number}].{field_name}", f"{name!r} is not declared; declared are: {choices}"
                    )

        if merchant.loyalty is not None and merchant.loyalty.destination not in {None, *destinations}:
            choices = ", ".join(sorted(destinations)) or "none"
            raise MisconfiguredError(
                f"{key}.loyalty.destination",
                f"{merchant.loyalty.destination!r} is not declared; declared are: {choices}",
            )

        campaigns = {campaign.name for campaign in merchant.campaigns}
        for number, reward in enumerate(merchant.loyalty.rewards if merchant.loyalty is not None else ()):
            name = reward.uplift.campaign if reward.uplift is not None else None
            if name is not None and name not in campaigns:
                choices = ", ".join(sorted(campaigns)) or "none"
                raise MisconfiguredError(
                    f"{key}.loyalty.rewards[{number}].uplift.campaign",
                    f"{name!r} is not declared; declared are: {choices}",
                )

        # Two of a pair would each undo what the other sent, night after night.
        pairs = [f"{sync.name} to {sync.destination}" for sync in merchant.syncs]
        _unique(f"{key}.syncs", "destination", pairs)


def _unique(key: str, field_name: str, names: list[str]) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise MisconfiguredError(f"{key}[{index}].{field_name}", f"{name!r} is declared twice")
