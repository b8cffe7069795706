"""The same for figures of tables: accuracy against time in exercise 2, two trade-offs in exercise 3."""

TRADE_OFFS = {
    "right_course_function": """
transferlab.plot_trade_off(table, x="parameters", name="name")
transferlab.plot_trade_off(table, x="ms_per_image", name="name", x_label="time per image (ms)")
""",
    "right_names_and_numbers_at_ticks": """
plt.figure(); plt.plot(table.parameters, table.val_accuracy, "ko"); plt.xticks(table.parameters, table["name"])
plt.figure(); plt.plot(table.ms_per_image, table.val_accuracy, "r^")
plt.xticks(table.ms_per_image, [f"{n} ({ms:.2f} ms)" for n, ms in zip(table["name"], table.ms_per_image)])
""",
    "right_one_figure_two_plots": """
fig, (a, b) = plt.subplots(1, 2, sharey=True)
for name, row in table.set_index("name").iterrows():
    a.scatter(row.parameters, row.val_accuracy, label=name); b.scatter(row.ms_per_image, row.val_accuracy, label=name)
b.legend()
""",
    "right_short_names_millions_log": """
fig, (a, b) = plt.subplots(2)
for label, (_, row) in zip(table.name.str.replace("mini_", "").str.upper(), table.iterrows()):
    for ax, x in ((a, row.parameters / 1e6), (b, row.ms_per_image)):
        ax.semilogx(x, 100 * row.val_accuracy, "o"); ax.text(x, 100 * row.val_accuracy, label)
""",
    "right_seaborn_pair": """
fig, axs = plt.subplots(1, 2)
sns.scatterplot(table, x="parameters", y="val_accuracy", hue="name", ax=axs[0], legend=False)
sns.scatterplot(table, x="ms_per_image", y="val_accuracy", hue="name", ax=axs[1])
""",
    "right_twin_x": """
fig, ax = plt.subplots(); top = ax.twiny()
ax.plot(table.parameters, table.val_accuracy, "ro"); top.plot(table.ms_per_image, table.val_accuracy, "b^")
for _, r in table.iterrows():
    ax.annotate(r["name"], (r.parameters, r.val_accuracy)); top.annotate(r["name"], (r.ms_per_image, r.val_accuracy))
""",
    "right_bars_and_line_over_names": """
for column in ("parameters", "ms_per_image"):
    fig, ax = plt.subplots()
    ax.bar(table["name"], table[column], color="silver"); ax.twinx().plot(table["name"], table["val_accuracy"], "o-")
""",
    "right_ticks_with_names": """
for column in ("parameters", "ms_per_image"):
    plt.figure(); plt.plot(table[column], table["val_accuracy"], "o")
    plt.xticks(table[column], table["name"], rotation=45); plt.show()
""",
    "right_lines_and_colours_per_network": """
colors = dict(zip(table.name, "rgb"))
for column in ("parameters", "ms_per_image"):
    plt.figure(); plt.scatter(table[column], table.val_accuracy, c=[colors[n] for n in table.name])
    plt.legend(handles=[plt.Line2D([], [], marker="o", ls="", color=c, label=n) for n, c in colors.items()])
""",
    "right_altair": """
import altair as alt
base = alt.Chart(table).mark_point().encode(y="val_accuracy", color="name")
display(base.encode(x="parameters") | base.encode(x="ms_per_image"))
""",
    "right_plotly": """
display(px.scatter(table, x="parameters", y="val_accuracy", color="name", log_x=True))
px.scatter(table, x="ms_per_image", y="val_accuracy", text="name").show()
""",
    "right_pandas_labelled": """
for x in ("parameters", "ms_per_image"):
    ax = table.plot(kind="scatter", x=x, y="val_accuracy")
    table.apply(lambda r: ax.annotate(r["name"], (r[x], r["val_accuracy"])), axis=1)
""",
    "person_names_without_meaning": """
for x in ("parameters", "ms_per_image"):
    plt.figure()
    for label, (_, r) in zip("ABC", table.iterrows()):
        plt.scatter(r[x], r.val_accuracy, label=label)
    plt.legend()
""",
    "wrong_training_time": """
transferlab.plot_trade_off(table, x="parameters", name="name")
transferlab.plot_trade_off(table, x="seconds_per_epoch", name="name")
""",
    "wrong_bars_of_each_column": """
table.set_index("name")[["val_accuracy", "parameters", "ms_per_image"]].plot.bar(subplots=True)
""",
    "wrong_one_only": 'transferlab.plot_trade_off(table, x="ms_per_image", name="name")',
    "wrong_same_twice": """
for _ in range(2):
    transferlab.plot_trade_off(table, x="parameters", name="name")
""",
    "wrong_no_names": """
table.plot.scatter(x="parameters", y="val_accuracy")
table.plot.scatter(x="ms_per_image", y="val_accuracy")
""",
    "wrong_names_swapped": """
for x in ("parameters", "ms_per_image"):
    plt.figure()
    for label, (_, r) in zip(reversed(table.name.tolist()), table.iterrows()):
        plt.scatter(r[x], r.val_accuracy, label=label)
    plt.legend()
""",
    "wrong_costs_against_each_other": """
transferlab.plot_trade_off(table, x="parameters", name="name")
transferlab.plot_trade_off(table, x="parameters", y="ms_per_image", name="name")
""",
    "wrong_altair_training_time": """
import altair as alt
base = alt.Chart(table).mark_point().encode(y="val_accuracy", color="name")
display(base.encode(x="parameters") | base.encode(x="seconds_per_epoch"))
""",
    "right_altair_repeated": """
import altair as alt
chart = alt.Chart(table).mark_circle().encode(alt.X(alt.repeat("column"), type="quantitative"), y="val_accuracy:Q")
display(chart.encode(color="name:N").repeat(column=["parameters", "ms_per_image"]))
""",
    "right_altair_layers_repeated": """
import altair as alt
chart = alt.Chart(table).encode(x=alt.X(alt.repeat(), type="quantitative"), y="val_accuracy:Q")
display((chart.mark_point() + chart.mark_text(dy=9).encode(text="name")).repeat(["parameters", "ms_per_image"]))
""",
    "right_size_in_megabytes": """
for values in (table["parameters"] * 4 / 1e6, table["ms_per_image"]):
    plt.figure()
    for x, y, name in zip(values, table["val_accuracy"], table["name"]):
        plt.scatter(x, y, label=name)
    plt.legend()
""",
}
