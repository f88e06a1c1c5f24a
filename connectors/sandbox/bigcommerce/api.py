"""BigCommerce's gateway: tokens, scopes and the store's quota in front of V2 and V3."""

from connectors.sandbox.bigcommerce import v2, v3
from connectors.sandbox.bigcommerce.filters import ApiError
from connectors.sandbox.bigcommerce.formats import encoded
from connectors.sandbox.bigcommerce.state import StoreState
from connectors.sandbox.faults import Request
from connectors.sandbox.serving import Reply

_STATUS_CODES = "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes"
_ORDERS = "store_v2_orders"
_TRANSACTIONS = "store_v2_transactions"
# The first that a path begins with decides; any one scope of those named is enough.
_SCOPES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("v2/order", (_ORDERS,)),
    ("v2/coupons", ("store_v2_marketing",)),
    ("v2/store", ("store_v2_information",)),
    ("v2/currencies", ("store_v2_information",)),
    ("v2/time", ()),
    ("v3/customers", ("store_v2_customers",)),
    ("v3/catalog", ("store_v2_products",)),
    ("v3/abandoned-carts", ("store_v2_information",)),
)


class BigCommerceApi:
    """One store's API.

    Args:
        store: The store.
    """

    def __init__(self, store: StoreState) -> None:
        self.store = store

    def __call__(self, request: Request) -> Reply:
        """Answer a request."""
        with self.store.lock:
            return self._answer(request)

    def _answer(self, request: Request) -> Reply:
        prefix = f"/stores/{self.store.settings.store_hash}/"
        path = request.path.removeprefix(prefix).strip("/") if request.path.startswith(prefix) else ""
        version, _, resource = path.partition("/")
        is_v2 = version != "v3"
        try:
            scopes = self._scopes(request, is_at_home=bool(path))
            if not self.store.quota.use():
                seconds = -(-self.store.quota.reset_ms // 1000)
                return self._refusal(429, "Too many requests", is_v2=is_v2, headers={"X-Retry-After": str(seconds)})
            _check(request.method, path, scopes)
            body = (v2 if is_v2 else v3).answer(self.store, resource, request.params)
        except ApiError as error:
            # V2 has one status for whatever is wrong with a request.
            status = 400 if is_v2 and error.status == 422 else error.status
            return self._refusal(status, error.message, is_v2=is_v2, field=error.field)
        if body is None:
            return Reply(b"", 204, "application/json", self.store.quota.headers)
        return Reply(encoded(body), 200, "application/json", self.store.quota.headers)

    def _scopes(self, request: Request, *, is_at_home: bool) -> frozenset[str]:
        token = request.headers.get("x-auth-token", "")
        if not token:
            raise ApiError(401, "X-Auth-Token header is required")
        if not is_at_home or token not in self.store.tokens:
            raise ApiError(401, "Unauthorized")
        return self.store.tokens[token]

    def _refusal(
        self, status: int, message: str, *, is_v2: bool, field: str = "", headers: dict[str, str] | None = None
    ) -> Reply:
        errors = {field: message} if field else {}
        body: object = {"status": status, "title": message, "type": _STATUS_CODES, "errors": errors}
        if is_v2:
            body = [{"status": status, "message": message, **({"details": errors} if errors else {})}]
        known = {} if status == 401 else self.store.quota.headers
        return Reply(encoded(body), status, "application/json", {**known, **(headers or {})})


def _check(method: str, path: str, scopes: frozenset[str]) -> None:
    if method != "GET":
        raise ApiError(405, "Method not allowed.")
    if not path.startswith(("v2/", "v3/")):
        raise ApiError(404, "The requested resource was not found.")
    needed: tuple[str, ...] | None = None
    if path.startswith("v3/orders/"):
        # An order's transactions are not for who may only read orders; its refunds are.
        needed = (_TRANSACTIONS,) if path.endswith("/transactions") else (_ORDERS, _TRANSACTIONS)
    else:
        needed = next((names for prefix, names in _SCOPES if path.startswith(prefix)), None)
    if needed and not any(name in scopes or f"{name}_read_only" in scopes for name in needed):
        raise ApiError(403, "You don't have a required scope to access the endpoint")
