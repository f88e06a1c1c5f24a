"""Mail: from a template and a customer's values to a whole message, in HTML and in plain text, with its way out."""
