"""What happens to customers and newsletter subscribers of a BigCommerce store."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from connectors.sandbox.bigcommerce.catalogue_admin import CatalogueAdmin
from connectors.sandbox.bigcommerce.records import Address, Customer, Subscriber


class CustomerAdmin(CatalogueAdmin):
    """The customers' side of the control panel."""

    def create_customer(
        self,
        email: str,
        *,
        first_name: str = "",
        last_name: str = "",
        company: str = "",
        phone: str = "",
        accepts_emails: bool = False,
        addresses: Sequence[Address] = (),
        created_at: datetime | None = None,
    ) -> int:
        """Register somebody; returns the id."""
        with self.lock:
            created = self.seconds(created_at)
            customer = Customer(
                id=next(self._customer_ids),
                email=email,
                first_name=first_name,
                last_name=last_name,
                company=company,
                phone=phone,
                created=created,
                modified=created,
                accepts_emails=accepts_emails,
                addresses=[dict(address) for address in addresses],
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
        accepts_emails: bool | None = None,
        store_credit: Decimal | None = None,
    ) -> None:
        """Change an account; orders keep the billing address that they were placed with."""
        with self.lock:
            customer = self.customers[customer_id]
            customer.email = customer.email if email is None else email
            customer.first_name = customer.first_name if first_name is None else first_name
            customer.last_name = customer.last_name if last_name is None else last_name
            customer.accepts_emails = customer.accepts_emails if accepts_emails is None else accepts_emails
            customer.store_credit = customer.store_credit if store_credit is None else store_credit
            customer.modified = self.now()
            self.customers.put(customer_id, customer)

    def delete_customer(self, customer_id: int) -> None:
        """Delete an account; its orders go on naming it."""
        with self.lock:
            self.customers.remove(customer_id)

    def merge_customers(self, kept_id: int, merged_ids: Sequence[int]) -> None:
        """What an app for merging does: move the orders of some accounts to another, and delete them."""
        with self.lock:
            for order in self.orders:
                if order.customer_id in merged_ids:
                    order.customer_id = kept_id
                    self.touch(order)
            for customer_id in merged_ids:
                self.customers.remove(customer_id)

    def subscribe(
        self,
        email: str,
        *,
        first_name: str = "",
        last_name: str = "",
        source: str = "storefront",
        order_id: int | None = None,
        consents: Sequence[str] = ("marketing_newsletter",),
        subscribed_at: datetime | None = None,
    ) -> int:
        """Put somebody on the newsletter's list; returns the subscriber's id."""
        with self.lock:
            created = self.seconds(subscribed_at)
            subscriber = Subscriber(
                id=next(self._subscriber_ids),
                email=email,
                first_name=first_name,
                last_name=last_name,
                source=source,
                order_id=order_id,
                consents=list(consents),
                created=created,
                modified=created,
            )
            self.subscribers.put(subscriber.id, subscriber)
            return subscriber.id

    def change_consents(self, subscriber_id: int, consents: Sequence[str]) -> None:
        """Change what somebody agreed to; with nothing left they stay on the list."""
        with self.lock:
            subscriber = self.subscribers[subscriber_id]
            subscriber.consents = list(consents)
            subscriber.modified = self.now()
            self.subscribers.put(subscriber_id, subscriber)

    def unsubscribe(self, subscriber_id: int) -> None:
        """Take somebody off the list."""
        with self.lock:
            self.subscribers.remove(subscriber_id)
