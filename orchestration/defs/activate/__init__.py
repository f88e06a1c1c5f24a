"""From predictions to customers, audiences and deliveries."""
