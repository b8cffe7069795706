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

# %% compare_backbones
rows, trained_models = [], {}
for name in BACKBONES:
    row, trained_models[name] = profile_backbone(name, train, validation, 10, EPOCHS)
    rows.append(row | {"parameters": trained_models[name].count_params()})
table = comparison_table(rows)
recommended_model = trained_models[recommend(table, "accuracy")]
