# %% sizes
sizes = []
for name in (*BACKBONES, *LARGE_NETWORKS):
    parameters = sum(int(np.prod(weight.shape)) for weight in load_or_random(name).trainable_weights)
    sizes.append({"name": name, "parameters": parameters, "megabytes": 4 * parameters / 1e6})
