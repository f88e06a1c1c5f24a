"""What happens to customers' accounts in a WooCommerce shop."""

from collections.abc import Sequence
from datetime import datetime

from connectors.sandbox.woocommerce.catalogue_admin import CatalogueAdmin
from connectors.sandbox.woocommerce.records import Address, Customer


class CustomerAdmin(CatalogueAdmin):
    """The accounts' side of the admin."""

    def create_customer(
        self,
        email: str,
        *,
        first_name: str = "",
        last_name: str = "",
        username: str = "",
        role: str = "customer",
        billing: Address | None = None,
        created_at: datetime | None = None,
    ) -> int:
        """Register somebody; returns the id."""
        with self.lock:
            created = self.seconds(created_at)
            customer = Customer(
                id=next(self._users),
                email=email,
                first_name=first_name,
                last_name=last_name,
                username=username or email.partition("@")[0],
                role=role,
                created=created,
                modified=created,
                billing=billing or {},
                shipping={},
            )
            self.customers.put(customer.id, customer)
            return customer.id

    def update_customer(
        self,
        customer_id: int,
        *,
        email: str | None = None,
        first_name: str | None = None,
        last_name: str | None = None,
        billing: Address | None = None,
        role: str | None = None,
    ) -> None:
        """Change an account; orders keep the billing address that they were placed with."""
        with self.lock:
            customer = self.customers[customer_id]
            customer.email = customer.email if email is None else email
            customer.first_name = customer.first_name if first_name is None else first_name
            customer.last_name = customer.last_name if last_name is None else last_name
            customer.billing = customer.billing if billing is None else billing
            customer.role = customer.role if role is None else role
            customer.modified = self.now()
            self.customers.put(customer_id, customer)

    def delete_customer(self, customer_id: int) -> None:
        """Delete an account: its orders become a guest's, and count as modified unless they are posts."""
        with self.lock:
            self.customers.remove(customer_id)
            now = self.now()
            for order in self.orders:
                if order.customer_id == customer_id:
                    order.customer_id = 0
                    order.modified = order.modified if self.settings.keeps_orders_as_posts else now
                    self.orders.put(order.id, order)

    def merge_customers(self, kept_id: int, merged_ids: Sequence[int]) -> None:
        """What a plugin for merging does: move the orders of some accounts to another, and delete them."""
        with self.lock:
            now = self.now()
            for order in self.orders:
                if order.customer_id in merged_ids:
                    order.customer_id = kept_id
                    order.modified = now
                    self.orders.put(order.id, order)
            for customer_id in merged_ids:
                self.customers.remove(customer_id)
