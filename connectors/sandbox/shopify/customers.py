"""Customers: their records, their consent, merging and erasing them."""

from datetime import datetime

from connectors.sandbox.shopify.books import Books
from connectors.sandbox.shopify.records import Address, Consent, Customer


class CustomerDesk(Books):
    """Where customers are kept."""

    def add_customer(
        self,
        *,
        email: str | None = None,
        first_name: str | None = None,
        last_name: str | None = None,
        phone: str | None = None,
        created_at: datetime | None = None,
        has_email_consent: bool | None = None,
        email_consent_at: datetime | None = None,
        country_code: str | None = "US",
        tags: tuple[str, ...] = (),
        note: str | None = None,
    ) -> Customer:
        """Enter a customer.

        Args:
            email: An address; guests of one address can become several customers.
            first_name: A name.
            last_name: A name.
            phone: In E.164.
            created_at: When; now if it isn't given.
            has_email_consent: Whether marketing was agreed to; None if nobody asked.
            email_consent_at: When that was.
            country_code: Where they live; None for no address.
            tags: Tags.
            note: A note.
        """
        with self.lock:
            at = self._at(created_at)
            state = {None: "NOT_SUBSCRIBED", True: "SUBSCRIBED", False: "UNSUBSCRIBED"}[has_email_consent]
            asked_at = self._at(email_consent_at or at) if has_email_consent is not None else None
            customer = Customer(
                id=self._new_id("Customer"),
                created_at=at,
                updated_at=at,
                first_name=first_name,
                last_name=last_name,
                email=email,
                phone=phone,
                note=note,
                tags=tags,
                email_consent=Consent(state, "SINGLE_OPT_IN", asked_at),
            )
            if country_code is not None:
                customer.address = Address(
                    self._new_id("MailingAddress"), first_name, last_name, country_code=country_code
                )
            self.customers.put(customer)
            return customer

    def change_customer(
        self,
        customer_id: int,
        *,
        email: str | None = None,
        first_name: str | None = None,
        last_name: str | None = None,
        tags: tuple[str, ...] | None = None,
        note: str | None = None,
        has_email_consent: bool | None = None,
        has_sms_consent: bool | None = None,
        at: datetime | None = None,
    ) -> None:
        """Change a customer's record; what isn't given stays."""
        with self.lock:
            customer = self._customer(customer_id)
            when = self._at(at)
            customer.email = customer.email if email is None else email
            customer.first_name = customer.first_name if first_name is None else first_name
            customer.last_name = customer.last_name if last_name is None else last_name
            customer.tags = customer.tags if tags is None else tags
            customer.note = customer.note if note is None else note
            if has_email_consent is not None:
                customer.email_consent = Consent(_state(given=has_email_consent), "SINGLE_OPT_IN", when)
            if has_sms_consent is not None:
                customer.sms_consent = Consent(_state(given=has_sms_consent), "SINGLE_OPT_IN", when)
            self._stamp_customer(customer, when)

    def merge_customers(self, one_id: int, two_id: int, *, at: datetime | None = None) -> Customer:
        """Merge a customer into another: `one_id` disappears, its orders go to `two_id`.

        The names and addresses are those of the one that stays, where it has any.
        """
        with self.lock:
            one, two, when = self._customer(one_id), self._customer(two_id), self._at(at)
            if one is two:
                message = "Customers must be different."
                raise ValueError(message)
            two.first_name, two.last_name = two.first_name or one.first_name, two.last_name or one.last_name
            two.email, two.phone = two.email or one.email, two.phone or one.phone
            two.note = " ".join(filter(None, (two.note, one.note))) or None
            two.tags = tuple(dict.fromkeys(two.tags + one.tags))
            two.address = two.address or one.address
            for order_id in one.order_ids:
                order = self._order(order_id)
                order.customer_id = two_id
                self._stamp_order(order, when)
            two.order_ids = sorted(two.order_ids + one.order_ids)
            self.customers.remove(one_id)
            self.merged = {former: two_id if now == one_id else now for former, now in self.merged.items()}
            self.merged[one_id] = two_id
            self._stamp_customer(two, when)
            return two

    def delete_customer(self, customer_id: int) -> None:
        """Delete a customer who has no orders, as Shopify allows for no other."""
        with self.lock:
            if self._customer(customer_id).order_ids:
                message = "a customer with orders cannot be deleted"
                raise ValueError(message)
            self.customers.remove(customer_id)

    def redact_customer(self, customer_id: int, *, at: datetime | None = None) -> None:
        """Erase a person: the record goes, the orders stay without anything that tells who it was."""
        with self.lock:
            customer, when = self._customer(customer_id), self._at(at)
            for order_id in customer.order_ids:
                order = self._order(order_id)
                order.customer_id = order.email = order.phone = order.note = None
                order.address, order.attributes, order.is_redacted = None, (), True
                self._stamp_order(order, when)
            for checkout in self.checkouts:
                if checkout.customer_id == customer_id:
                    known_at = checkout.updated_at
                    checkout.customer_id = checkout.email = checkout.address = None
                    checkout.updated_at = max(known_at, when)
                    self.checkouts.touched(checkout, known_at)
            self.customers.remove(customer_id)

    def move_customer(self, customer_id: int, *, country_code: str, city: str, at: datetime | None = None) -> None:
        """Give a customer another address."""
        with self.lock:
            customer, when = self._customer(customer_id), self._at(at)
            customer.address = Address(
                self._new_id("MailingAddress"),
                customer.first_name,
                customer.last_name,
                city=city,
                country_code=country_code,
            )
            self._stamp_customer(customer, when)


def _state(*, given: bool) -> str:
    return "SUBSCRIBED" if given else "UNSUBSCRIBED"
