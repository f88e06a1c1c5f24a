"""What happens once: emails, events and discount codes, each for one customer on one occasion."""
