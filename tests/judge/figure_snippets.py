"""Figures as students draw them: snippets of cells, by name. Each has `histories`, `table`, pandas and so on at hand.

A name that begins with `right_` passes, with `wrong_` fails, with `person_` is left to a person.
"""

TRAININGS = {
    "right_course_function": "transferlab.plot_histories(histories)",
    "right_plain_loop": """
for name, history in histories.items():
    plt.plot(history.history["val_accuracy"], label=name)
plt.legend()
plt.show()
""",
    "right_in_german_continued_in_x": """
plt.plot(range(1, 13), histories["baseline"].history["val_accuracy"], label="Basismodell")
plt.plot(range(1, 9), histories["feature"].history["val_accuracy"], label="Merkmale")
plt.plot(range(9, 13), histories["finetuned"].history["val_accuracy"], label="Feinabstimmung")
plt.xlabel("Epoche"); plt.ylabel("Genauigkeit (Validierung)"); plt.legend(title="Modell"); plt.close()
""",
    "right_in_chinese_percent_joined": """
b, f, t = (np.array(histories[k].history["val_accuracy"]) * 100 for k in ("baseline", "feature", "finetuned"))
plt.plot(b, "s--", label="基线"); plt.plot(f, "o-", label="特征提取"); plt.plot(range(7, 12), [f[-1], *t], label="微调")
plt.legend()
""",
    "right_in_spanish_by_legend_order": """
for name in ("baseline", "feature", "finetuned"):
    plt.plot(histories[name].history["val_accuracy"])
plt.legend(["desde cero", "características fijas", "ajuste fino"])
""",
    "right_words_of_a_language_nobody_listed": """
for name, nama in zip(histories, ("Garis dasar", "Ciri beku", "Penalaan halus")):
    plt.plot(histories[name].history["val_accuracy"], label=nama)
plt.legend()
""",
    "right_annotated_instead_of_legend": """
fig, ax = plt.subplots()
for name, history in histories.items():
    y = history.history["val_accuracy"]
    line, = ax.plot(range(len(y)), y)
    ax.annotate(name, (len(y) - 1, y[-1]), xytext=(5, 0), textcoords="offset points")
""",
    "right_text_in_the_colour_of_the_curve": """
for place, (name, history) in enumerate(histories.items()):
    line, = plt.plot(history.history["val_accuracy"])
    plt.gcf().text(0.2, 0.3 + 0.1 * place, name, color=line.get_color())
    plt.text(0.1, 0.1 + 0.1 * place, name, color=line.get_color(), transform=plt.gca().transAxes)
""",
    "right_unregistered_figure_displayed": """
from matplotlib.figure import Figure
figure = Figure(figsize=(6, 4))
axes = figure.add_subplot()
for name, history in histories.items():
    axes.plot(history.history["val_accuracy"], label=name)
axes.legend()
display(figure)
""",
    "right_subplots_with_titles": """
fig, axs = plt.subplots(1, 3, sharey=True)
for ax, (name, history) in zip(axs, histories.items()):
    ax.plot(history.history["val_accuracy"]); ax.set_title(name)
""",
    "right_one_figure_each": """
for name, history in histories.items():
    plt.figure(); plt.plot(history.history["val_accuracy"], "o"); plt.title(f"{name}: accuracy"); plt.show()
""",
    "right_both_accuracies_of_each": """
fig, axs = plt.subplots(3, 1)
for ax, (name, history) in zip(axs, histories.items()):
    ax.plot(history.history["accuracy"], label="training")
    ax.plot(history.history["val_accuracy"], label="validation")
    ax.set_title(name); ax.legend()
""",
    "right_six_lines_on_one_plot": """
for name, history in histories.items():
    plt.plot(history.history["accuracy"], ":", label=f"{name} (train)")
    plt.plot(history.history["val_accuracy"], label=f"{name} (val)")
plt.legend()
""",
    "right_twin_axes_with_loss": """
fig, ax = plt.subplots(); ax2 = ax.twinx()
lines = []
for name, history in histories.items():
    lines += ax.plot(history.history["val_accuracy"], label=f"{name} accuracy")
    lines += ax2.plot(history.history["val_loss"], "--", label=f"{name} loss")
ax.legend(lines, [line.get_label() for line in lines])
""",
    "right_pandas_frame": """
pd.DataFrame({name: pd.Series(h.history["val_accuracy"]) for name, h in histories.items()}).plot()
""",
    "right_pandas_subplots": """
wide = pd.DataFrame({name: pd.Series(h.history["val_accuracy"]) for name, h in histories.items()})
wide.plot(subplots=True, style="o-")
""",
    "right_seaborn_relplot_long": """
long = long_form(histories, "accuracy")
sns.relplot(data=long, x="epoch", y="accuracy", hue="model", kind="line")
""",
    "right_seaborn_by_dashes": """
long = long_form(histories, "accuracy")
sns.lineplot(data=long, x="epoch", y="accuracy", style="model", color="k")
""",
    "right_seaborn_facets": """
long = long_form(histories, "accuracy")
sns.relplot(data=long, x="epoch", y="accuracy", col="model", kind="line")
""",
    "right_seaborn_scatter": """
long = long_form(histories, "accuracy")
sns.scatterplot(data=long, x="epoch", y="accuracy", hue="model", style="model")
""",
    "right_steps_on_log_axis": """
for name, history in histories.items():
    plt.step(range(1, 1 + len(history.epoch)), history.history["val_accuracy"], where="mid", label=name)
plt.xscale("log"); plt.legend()
""",
    "right_lying": """
for name, history in histories.items():
    plt.plot(history.history["val_accuracy"], range(len(history.epoch)), label=name)
plt.legend()
""",
    "right_grouped_bars": """
for place, (name, history) in enumerate(histories.items()):
    y = history.history["val_accuracy"]
    plt.bar(np.arange(len(y)) + 0.25 * place, y, 0.25, label=name)
plt.legend()
""",
    "right_error_bars_and_chance": """
for name, history in histories.items():
    y = np.array(history.history["val_accuracy"])
    plt.errorbar(range(len(y)), y, yerr=np.sqrt(y * (1 - y) / 100), label=name, capsize=3)
plt.axhline(0.5, color="grey", label="chance"); plt.legend()
""",
    "right_point_by_point": """
colors = {"baseline": "r", "feature": "g", "finetuned": "b"}
for name, history in histories.items():
    for epoch, y in enumerate(history.history["val_accuracy"]):
        plt.plot(epoch, y, "o", color=colors[name])
plt.legend(handles=[plt.Line2D([], [], color=c, marker="o", label=n) for n, c in colors.items()])
""",
    "right_rounded_to_per_cent": """
for name, history in histories.items():
    plt.plot([round(100 * y) for y in history.history["val_accuracy"]], label=name)
plt.legend()
""",
    "right_saved_in_a_function": """
def draw(records, path):
    figure, axes = plt.subplots()
    for name, history in records.items():
        axes.plot(history.history["val_accuracy"], label=name)
    figure.legend(loc="outside upper center")
    figure.savefig(path)
    plt.close(figure)

import io
draw(histories, io.BytesIO())
""",
    "right_altair": """
import altair as alt
long = long_form(histories, "val_accuracy")
display(alt.Chart(long).mark_line(point=True).encode(x="epoch:Q", y="val_accuracy:Q", color="model:N"))
""",
    "right_altair_folded": """
import altair as alt
wide = pd.DataFrame({name: pd.Series(h.history["val_accuracy"]) for name, h in histories.items()}).reset_index()
folded = alt.Chart(wide).transform_fold(list(histories), as_=["modelo", "exactitud"]).properties(title="Exactitud")
display(folded.mark_line().encode(x="index:Q", y="exactitud:Q", color="modelo:N"))
""",
    "right_altair_facets": """
import altair as alt
long = long_form(histories, "val_accuracy")
display(alt.Chart(long).mark_line().encode(x="epoch", y="val_accuracy").facet("model"))
""",
    "right_plotly_express": """
long = long_form(histories, "val_accuracy")
display(px.line(long, x="epoch", y="val_accuracy", color="model"))
""",
    "right_plotly_objects": """
figure = go.Figure()
for name, history in histories.items():
    figure.add_trace(go.Scatter(y=[100 * y for y in history.history["val_accuracy"]], name=name, mode="lines+markers"))
figure.update_layout(title="Genauigkeit", xaxis_title="Epoche")
figure.show()
""",
    "right_plotly_facets": """
long = long_form(histories, "val_accuracy")
display(px.line(long, x="epoch", y="val_accuracy", facet_col="model"))
""",
    "person_picture_from_a_file": """
for name, history in histories.items():
    plt.plot(history.history["val_accuracy"], label=name)
plt.legend()
import io, PIL.Image
buffer = io.BytesIO()
with_lines = plt.gcf(); pixels = np.zeros((300, 400, 3), np.uint8)
drawn_elsewhere()
plt.imshow(pixels)
""",
    "person_html_with_svg": "display_html(\"<svg><path d='M0 0L9 9'/></svg>\")",
    "person_heatmap": """
sns.heatmap(pd.DataFrame({name: pd.Series(h.history["val_accuracy"]) for name, h in histories.items()}).T)
""",
    "person_names_without_meaning": """
for number, history in enumerate(histories.values()):
    plt.plot(history.history["val_accuracy"], label=f"model {number + 1}")
plt.legend()
""",
    "person_one_curve_for_both_stages": """
plt.plot(histories["baseline"].history["val_accuracy"], label="baseline")
both = histories["feature"].history["val_accuracy"] + histories["finetuned"].history["val_accuracy"]
plt.plot(both, label="feature, then finetuned")
plt.axvline(8); plt.legend()
""",
    "person_computed_by_altair": """
import altair as alt
long = long_form(histories, "val_accuracy")
chart = alt.Chart(long).transform_calculate(percent="100 * datum.val_accuracy")
display(chart.mark_line().encode(x="epoch:Q", y="percent:Q", color="model:N"))
""",
    "wrong_nothing": "x = 1",
    "wrong_images_only": "transferlab.plot_images(np.zeros((8, 32, 32, 3)))",
    "wrong_training_accuracy": 'transferlab.plot_histories(histories, metric="accuracy")',
    "wrong_names_swapped": """
for name, other in zip(("baseline", "feature", "finetuned"), ("finetuned", "baseline", "feature")):
    plt.plot(histories[name].history["val_accuracy"], label=other)
plt.legend()
""",
    "wrong_names_swapped_in_the_legend": """
for name in ("baseline", "feature", "finetuned"):
    plt.plot(histories[name].history["val_accuracy"])
plt.legend(["feature", "baseline", "finetuned"])
""",
    "wrong_names_swapped_in_german": """
for name, other in zip(("baseline", "feature", "finetuned"), ("Basismodell", "Feinabstimmung", "eingefroren")):
    plt.plot(histories[name].history["val_accuracy"], label=other)
plt.legend()
""",
    "wrong_made_up": """
for name, history in histories.items():
    plt.plot(np.linspace(0.5, 0.9, len(history.epoch)), label=name)
plt.legend()
""",
    "wrong_zeros": """
for name, history in histories.items():
    plt.plot(np.zeros(len(history.epoch)), label=name)
plt.legend()
""",
    "wrong_smoothed": """
for name, history in histories.items():
    plt.plot(pd.Series(history.history["val_accuracy"]).ewm(alpha=0.5).mean(), label=name)
plt.legend()
""",
    "wrong_loss": """
for name, history in histories.items():
    plt.plot(history.history["val_loss"], label=name)
plt.legend()
""",
    "wrong_one_is_training_accuracy": """
for name, metric in zip(histories, ("val_accuracy", "accuracy", "val_accuracy")):
    plt.plot(histories[name].history[metric], label=name)
plt.legend()
""",
    "wrong_last_epoch_only": """
plt.bar(list(histories), [h.history["val_accuracy"][-1] for h in histories.values()])
""",
    "wrong_no_names": """
for history in histories.values():
    plt.plot(history.history["val_accuracy"])
plt.title("baseline, feature and finetuned")
""",
    "wrong_legend_forgotten": """
for name, history in histories.items():
    plt.plot(history.history["val_accuracy"], label=name)
""",
    "wrong_same_history_thrice": """
for name in histories:
    plt.plot(histories["feature"].history["val_accuracy"], label=name)
plt.legend()
""",
    "wrong_two_of_three": """
for name in ("baseline", "feature"):
    plt.plot(histories[name].history["val_accuracy"], label=name)
plt.legend()
""",
    "wrong_plotly_training_accuracy": """
display(px.line(pd.DataFrame({name: pd.Series(h.history["accuracy"]) for name, h in histories.items()})))
""",
    "wrong_altair_swapped": """
import altair as alt
wrong = {"baseline": "feature", "feature": "finetuned", "finetuned": "baseline"}
long = long_form(histories, "val_accuracy").replace({"model": wrong})
display(alt.Chart(long).mark_line().encode(x="epoch", y="val_accuracy", color="model"))
""",
}

TIMES = {
    "right_course_function": 'transferlab.plot_trade_off(table, x="seconds", y="val_accuracy", name="fraction")',
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
}

TRADE_OFFS = {
    "right_course_function": """
transferlab.plot_trade_off(table, x="parameters", name="name")
transferlab.plot_trade_off(table, x="ms_per_image", name="name", x_label="time per image (ms)")
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
}
