"""What instructors look through: at one verdict, at a change of many, at the checks themselves."""
