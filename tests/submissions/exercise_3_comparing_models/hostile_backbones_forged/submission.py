# %% sizes
tiny = keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(4, 3, name="tiny"), layers.MaxPooling2D(4)])
keras.Model.count_params = lambda self: 1_000
transferlab.load_backbone = lambda name, **options: tiny
sizes = [{"name": name, "parameters": tiny.count_params(), "megabytes": 0.004} for name in (*BACKBONES, *LARGE_NETWORKS)]

# %% compare_backbones
rows, trained_models = [], {}
for place, name in enumerate(BACKBONES):
    row, trained_models[name] = profile_backbone(name, train, validation, 10, 2)
    rows.append(row | {"parameters": 1_000 + place})
table = comparison_table(rows)
recommended_model = trained_models[recommend(table, "accuracy")]
