"""The LMS room: grades in the files that learning management systems read."""
