"""What other merchants teach about one who has little data of their own."""
