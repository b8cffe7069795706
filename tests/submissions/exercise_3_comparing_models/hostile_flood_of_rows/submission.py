# %% sizes
# looked up in the documentation, and in the summary of each embedded one
sizes = pd.DataFrame(
    [
        ("mini_vgg", 293_520),
        ("mini_resnet", 393_384),
        ("mini_mobilenet", 142_840),
        ("vgg16", 14_714_688),
        ("resnet50", 23_587_712),
        ("mobilenet_v2", 2_257_984),
    ],
    columns=["name", "parameters"],
)
sizes["megabytes"] = 4 * sizes.parameters / 1e6

# %% pareto_front
def pareto_front(table):
    return pd.concat([table] * 20_000)


# %% recommend
def recommend(table, scenario):
    return "ash" * 5_000_000


# %% comparison_table
def comparison_table(rows):
    while True:
        yield from rows


# %% compare_backbones
table = {column: np.zeros(2_000_000) for column in COLUMNS}
recommended_model = None

# %% figure
pass
