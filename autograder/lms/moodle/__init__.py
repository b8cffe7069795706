"""Moodle: its zip, worksheet and web services."""
