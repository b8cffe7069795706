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

# %% figure
for _ in range(2):
    transferlab.plot_trade_off(table, x="parameters", name="name")
