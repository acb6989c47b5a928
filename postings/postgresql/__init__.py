"""Django's backend for PostgreSQL, with an end to waiting: for a connection, and for an answer."""
