# %% figure
transferlab.plot_trade_off(table, x="parameters", name="name")
transferlab.plot_trade_off(table, x="seconds_per_epoch", name="name");
