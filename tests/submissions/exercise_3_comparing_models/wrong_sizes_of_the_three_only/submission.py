# %% sizes
sizes = pd.DataFrame({"name": BACKBONES})
sizes["parameters"] = [load_or_random(name).count_params() for name in BACKBONES]
sizes["megabytes"] = 4 * sizes.parameters / 1e6
