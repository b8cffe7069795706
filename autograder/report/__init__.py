"""The report room: verdicts as people and programs read them."""
