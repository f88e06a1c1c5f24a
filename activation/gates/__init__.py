"""What is asked just before every attempt whether it may be made: one module per gate."""
