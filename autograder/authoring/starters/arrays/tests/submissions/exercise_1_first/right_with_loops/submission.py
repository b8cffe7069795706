# %% standardize
def standardize(values):
    rows = [list(map(float, row)) for row in values] if np.ndim(values) == 2 else None
    if rows is None:
        raise ValueError("a table has two dimensions")
    columns = []
    for column in zip(*rows):
        mean = sum(column) / len(column)
        spread = (sum((number - mean) ** 2 for number in column) / len(column)) ** 0.5
        constant = min(column) == max(column)
        columns.append([0.0 if constant else (number - mean) / spread for number in column])
    return [list(row) for row in zip(*columns)]
