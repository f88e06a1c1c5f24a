"""What the token may not see: told to the owner where it is personal data, refused where the numbers would be wrong."""

from collections.abc import Mapping

from connectors.source import Notice, ReadReport
from models.errors import MisconfiguredError

# Shopify hides these from apps without its approval for protected customer data, or without the scope of what a record
# refers to. Everything else is what a record is made of: without it, it would only look whole.
_PERSONAL = frozenset(
    {
        "customer",
        "customerLocale",
        "email",
        "emailAddress",
        "phone",
        "phoneNumber",
        "firstName",
        "lastName",
        "defaultEmailAddress",
        "defaultPhoneNumber",
        "defaultAddress",
        "shippingAddress",
        "provinceCode",
        "countryCodeV2",
        "city",
        "zip",
        "note",
        "abandonedCheckoutUrl",
    }
)
_REFERENCES = frozenset({"product", "variant", "category", "app", "sellingPlan"})


class ScopeMissingError(Exception):
    """The token may not see a whole list."""


def add_notice(report: ReadReport, code: str, message: str) -> None:
    """Tell the owner something, once."""
    if all(notice.code != code for notice in report.notices):
        report.notices.append(Notice(code, message))


def check_denied(denied: Mapping[str, str], report: ReadReport, key: str) -> None:
    """Look at what an answer was denied.

    Raises:
        ScopeMissingError: It is a whole list.
        MisconfiguredError: It is a field that a record is not whole without.
    """
    for path, needed in denied.items():
        field = path.rpartition(".")[2]
        if field == "connection":
            raise ScopeMissingError(needed)
        if field not in _PERSONAL | _REFERENCES:
            raise MisconfiguredError(
                key,
                f"Shopify denies {path}, without which records are not whole; the app needs: {needed} "
                "(docs/connect-shopify.md lists the scopes)",
            )
    fields = {path.rpartition(".")[2] for path in denied}
    if personal := fields & _PERSONAL:
        tell_protected(report, personal)
    if references := fields & _REFERENCES:
        add_notice(
            report,
            "denied_references",
            f"Shopify hides {', '.join(sorted(references))} from this app: order lines do not say which product they "
            "sold. Add the scope read_products to the app in the Dev Dashboard, release that version, and approve it",
        )


def tell_protected(report: ReadReport, fields: set[str]) -> None:
    """Tell the owner which personal fields come empty."""
    without_customer = (
        " Orders come without their customers, so that nobody's purchases can be told from another's."
        if "customer" in fields
        else ""
    )
    add_notice(
        report,
        "protected_customer_data",
        f"Shopify hides protected customer data from this app: {', '.join(sorted(fields))} come empty."
        f"{without_customer} Ask for access in the Dev Dashboard under API access requests > Protected customer data "
        "(names, addresses, phone, email); once they come, customers and orders are read again from the start",
    )
