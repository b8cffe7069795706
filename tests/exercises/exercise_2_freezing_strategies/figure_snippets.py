"""The same for figures of tables: accuracy against time in exercise 2, two trade-offs in exercise 3."""

TIMES = {
    "right_course_function": 'transferlab.plot_trade_off(table, x="seconds", y="val_accuracy", name="fraction")',
    "right_one_point_beaten_by_none": """
plt.plot(table.seconds[1:2], table.val_accuracy[1:2], "-s", label="beaten by none"); plt.legend()
plt.plot(table.seconds, table.val_accuracy, "o")
for f, x, y in zip(table.fraction, table.seconds, table.val_accuracy):
    plt.annotate(f"{f:g}", (x, y))
plt.xlabel("seconds"); plt.ylabel("accuracy")
""",
    "right_in_german_with_decimal_commas": """
plt.plot(table["seconds"], table["val_accuracy"], "o")
for anteil, x, y in zip(table["fraction"], table["seconds"], table["val_accuracy"]):
    plt.annotate(f"{anteil:.2f}".replace(".", ","), (x, y))
plt.xlabel("Dauer in Sekunden"); plt.ylabel("Genauigkeit (Validierung)")
""",
    "right_in_french_percent_legend": """
for _, row in table.iterrows():
    plt.scatter(row.seconds, 100 * row.val_accuracy, label=f"{row.fraction:.0%} des couches")
plt.xlabel("durée (s)"); plt.ylabel("justesse (%)"); plt.legend()
""",
    "right_in_chinese": """
fig, ax = plt.subplots()
ax.scatter(table.seconds, table.val_accuracy)
for f, x, y in zip(table.fraction, table.seconds, table.val_accuracy):
    ax.text(x + 0.01, y + 0.002, f"{f:.0%}")
ax.set(xlabel="训练时间（秒）", ylabel="验证准确率")
""",
    "right_colour_bar": """
table.plot.scatter(x="seconds", y="val_accuracy", c="fraction", colormap="viridis")
""",
    "right_matplotlib_colour_bar": """
points = plt.scatter(table.seconds, table.val_accuracy, c=table.fraction, s=80)
plt.colorbar(points, label="fraction", ticks=[0, 0.25, 0.5, 1]); plt.xlabel("seconds"); plt.ylabel("accuracy")
""",
    "right_seaborn_hue_and_style": """
words = table.assign(fraction=table.fraction.astype(str))
sns.scatterplot(words, x="seconds", y="val_accuracy", hue="fraction", style="fraction", s=90)
""",
    "right_seaborn_relplot_by_size": """
sns.relplot(data=table, x="seconds", y="val_accuracy", size="fraction", sizes=(20, 200), legend="full")
""",
    "right_transposed": """
fig, ax = plt.subplots()
ax.plot(table["val_accuracy"], table["seconds"], "D-")
for _, r in table.iterrows():
    ax.annotate(f"{r.fraction:g}", xy=(r.val_accuracy, r.seconds), xytext=(8, 8), textcoords="offset points")
ax.set_ylabel("training time in s"); ax.set_xlabel("validation accuracy")
""",
    "right_log_time": """
for f, s, a in zip(table.fraction, table.seconds, table.val_accuracy):
    plt.semilogx(s, a, "o", label=f"fraction = {f}")
plt.legend(); plt.xlabel("log time"); plt.ylabel("accuracy")
""",
    "right_twin_axes": """
fig, ax = plt.subplots()
ax.bar([f"{f:.0%}" for f in table.fraction], table.seconds, color="lightgrey"); ax.set_ylabel("segundos")
ax2 = ax.twinx(); ax2.plot([f"{f:.0%}" for f in table.fraction], table.val_accuracy, "o-"); ax2.set_ylabel("exactitud")
""",
    "right_minutes_rounded": """
plt.plot((table.seconds / 60).round(4), table.val_accuracy.round(3), "o")
for f, x, y in zip(table.fraction, table.seconds / 60, table.val_accuracy):
    plt.text(x, y, f"{100 * f:.0f}%")
plt.xlabel("minutes"); plt.ylabel("accuracy")
""",
    "right_words_for_fractions": """
for name, (_, row) in zip(("head only", "a quarter", "half", "everything"), table.iterrows()):
    plt.scatter(row.seconds, row.val_accuracy, label=name)
plt.legend(); plt.xlabel("time"); plt.ylabel("accuracy")
""",
    "right_title_names_the_axes": """
plt.scatter(table.seconds, table.val_accuracy); plt.title("Accuracy over time in seconds")
for f, x, y in zip(table.fraction, table.seconds, table.val_accuracy):
    plt.annotate(f, (x, y))
""",
    "right_bars_at_seconds": """
for f, x, y in zip(table.fraction, table.seconds, table.val_accuracy):
    plt.bar(x, y, width=0.03, label=f"{f}")
plt.legend(title="fraction"); plt.xlabel("seconds"); plt.ylabel("accuracy")
""",
    "right_broken_numbers": """
for name, (_, row) in zip(("0", "1/4", "1/2", "1"), table.iterrows()):
    plt.plot(row.seconds, row.val_accuracy, marker="*", ls="", label=name)
plt.legend(); plt.xlabel("s"); plt.ylabel("val acc")
""",
    "right_altair_with_text": """
import altair as alt
seconds = alt.X("seconds", scale=alt.Scale(zero=False))
base = alt.Chart(table).encode(x=seconds, y=alt.Y("val_accuracy").title("Genauigkeit"))
display(base.mark_circle(size=80) + base.mark_text(dx=12).encode(text="fraction"))
""",
    "right_altair_colour": """
import altair as alt
display(alt.Chart(table).mark_point().encode(x="seconds", y="val_accuracy", color="fraction:N"))
""",
    "right_plotly_text": """
display(px.scatter(table, x="seconds", y="val_accuracy", text="fraction"))
""",
    "right_plotly_colour": """
words = table.assign(fraction=table.fraction.astype(str))
display(px.scatter(words, x="seconds", y="val_accuracy", color="fraction"))
""",
    "right_plotly_colour_bar": """
display(px.scatter(table, x="seconds", y="val_accuracy", color="fraction"))
""",
    "right_plotly_annotations": """
figure = go.Figure(go.Scatter(x=table.seconds, y=table.val_accuracy, mode="markers"))
for f, x, y in zip(table.fraction, table.seconds, table.val_accuracy):
    figure.add_annotation(x=x, y=y, text=f"{f:.0%}")
figure.update_xaxes(title="Zeit (s)"); figure.update_yaxes(title="Genauigkeit")
figure.show()
""",
    "right_pandas_bars_with_the_seconds_at_ticks": """
ax = table.round(4).plot.bar(x="seconds", y="val_accuracy", legend=False, ylabel="accuracy")
for bar, f in zip(ax.patches, table.fraction):
    bar.set_label(f"{f:.0%}")
    ax.annotate(f"{f:.0%}", (bar.get_x() + bar.get_width() / 2, bar.get_height()))
""",
    "right_seaborn_bars": """
sns.barplot(table.round(4), x="seconds", y="val_accuracy", hue="fraction", palette="tab10", dodge=False)
""",
    "person_plotly_hover_only": """
display(px.scatter(table, x="seconds", y="val_accuracy", hover_name=table.fraction.astype(str)))
""",
    "person_strange_names": """
for name, (_, row) in zip("ABCD", table.iterrows()):
    plt.scatter(row.seconds, row.val_accuracy, label=name)
plt.legend(); plt.xlabel("seconds"); plt.ylabel("accuracy")
""",
    "person_unlabelled_under_a_strange_title": """
plt.scatter(table.seconds, table.val_accuracy); plt.title("Tulokset")
for f, x, y in zip(table.fraction, table.seconds, table.val_accuracy):
    plt.annotate(f, (x, y))
""",
    "wrong_nothing": "x = 1",
    "wrong_bare": """
plt.plot(table["seconds"], table["val_accuracy"], "o"); plt.xlabel("seconds"); plt.ylabel("accuracy")
""",
    "wrong_no_axis_named": """
plt.scatter(table.seconds, table.val_accuracy)
for f, x, y in zip(table.fraction, table.seconds, table.val_accuracy):
    plt.annotate(f, (x, y))
""",
    "wrong_trainable_for_seconds": 'transferlab.plot_trade_off(table, x="trainable", name="fraction")',
    "wrong_fraction_for_seconds": """
plt.plot(table.fraction, table.val_accuracy, "o-"); plt.xlabel("fraction"); plt.ylabel("accuracy")
""",
    "wrong_number_of_row_for_seconds": """
plt.scatter(range(4), table.val_accuracy); plt.xlabel("time"); plt.ylabel("accuracy")
for n, (f, y) in enumerate(zip(table.fraction, table.val_accuracy)):
    plt.annotate(f, (n, y))
""",
    "wrong_names_swapped": """
for f, x, y in zip(reversed(table.fraction.tolist()), table.seconds, table.val_accuracy):
    plt.scatter(x, y, label=f)
plt.legend(); plt.xlabel("seconds"); plt.ylabel("accuracy")
""",
    "wrong_annotations_swapped": """
plt.scatter(table.seconds, table.val_accuracy); plt.xlabel("seconds"); plt.ylabel("accuracy")
for f, x, y in zip([0.25, 0, 1, 0.5], table.seconds, table.val_accuracy):
    plt.annotate(f, (x, y))
""",
    "wrong_axes_swapped_in_name": """
plt.scatter(table.seconds, table.val_accuracy); plt.ylabel("seconds"); plt.xlabel("accuracy")
for f, x, y in zip(table.fraction, table.seconds, table.val_accuracy):
    plt.annotate(f, (x, y))
""",
    "wrong_pairs_mixed_up": """
plt.scatter(sorted(table.seconds, reverse=True), table.val_accuracy); plt.xlabel("seconds"); plt.ylabel("accuracy")
for f, x, y in zip(table.fraction, sorted(table.seconds, reverse=True), table.val_accuracy):
    plt.annotate(f, (x, y))
""",
    "wrong_three_points": """
transferlab.plot_trade_off(table[:3], x="seconds", name="fraction")
""",
    "wrong_columns_apart": """
fig, axs = plt.subplots(2, 1)
axs[0].bar([f"{f:.0%}" for f in table.fraction], table.seconds); axs[0].set_ylabel("seconds")
axs[1].bar([f"{f:.0%}" for f in table.fraction], table.val_accuracy); axs[1].set_ylabel("accuracy")
""",
    "wrong_plotly_trainable": """
display(px.scatter(table, x="trainable", y="val_accuracy", text="fraction"))
""",
    "right_bar_of_categories_of_pandas": """
shares = table.assign(share=table["fraction"].astype("category"))
shares.plot.scatter("seconds", "val_accuracy", c="share", cmap="viridis")
""",
    "right_bar_of_bands": """
from matplotlib.colors import BoundaryNorm
bands = BoundaryNorm([-0.1, 0.1, 0.3, 0.6, 1.1], 256)
points = plt.scatter(table["seconds"], table["val_accuracy"], c=table["fraction"], norm=bands)
plt.colorbar(points, ticks=[0, 0.2, 0.45, 0.85]).set_ticklabels(["0", "25 %", "half", "all"])
plt.xlabel("s"); plt.ylabel("accuracy")
""",
    "right_seconds_and_share_at_each_tick": """
plt.plot(table["seconds"], table["val_accuracy"], "x")
ticks = [f"{row.seconds:.1f} s\\n({row.fraction:.0%})" for row in table.itertuples()]
plt.xticks(table["seconds"], ticks); plt.ylabel("accuracy")
""",
}
