judge = None
