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
    "right_seaborn_wide": """
sns.lineplot(pd.DataFrame({name: pd.Series(h.history["val_accuracy"]) for name, h in histories.items()}))
""",
    "right_bands_and_lines": """
for name, history in histories.items():
    y = np.array(history.history["val_accuracy"]); x = np.arange(len(y))
    plt.fill_between(x, y - 0.02, y + 0.02, alpha=0.3); plt.plot(x, y, label=name)
plt.legend(loc="lower right")
""",
    "right_text_at_the_right_margin": """
fig, ax = plt.subplots()
for name, history in histories.items():
    y = history.history["val_accuracy"]; ax.plot(np.arange(len(y)), y, "k-o")
    ax.text(len(y) - 0.9, y[-1] + 0.003, name.title())
""",
    "person_colours_named_in_the_title": """
for history in histories.values():
    plt.plot(history.history["val_accuracy"])
plt.title("baseline (blue), feature (orange), finetuned (green)")
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
    "person_no_features_is_no_swap": """
names = ["No pretrained features", "Frozen features", "Fine-tuned features"]
for label, history in zip(names, histories.values()):
    plt.plot(history.history["val_accuracy"], label=label)
plt.legend()
""",
    "wrong_two_names_swapped": """
for label, history in zip(["frozen features", "baseline", "fine-tuned"], histories.values()):
    plt.plot(history.history["val_accuracy"], label=label)
plt.legend()
""",
    "wrong_all_bear_one_name": """
for history in histories.values():
    values = history.history["val_accuracy"]
    plt.plot(values)
    plt.text(len(values), values[-1], "model")
""",
    "person_names_that_cannot_be_followed": """
from matplotlib.lines import Line2D
for history in histories.values():
    plt.plot(history.history["val_accuracy"])
names = ["baseline", "feature or finetuned", "finetuned or feature"]
plt.legend([Line2D([], [], color="black") for _ in names], names)
""",
    "wrong_one_named_and_two_only_labelled": """
lines = [plt.plot(history.history["val_accuracy"], label=name)[0] for name, history in histories.items()]
plt.legend([lines[0]], ["baseline"])
""",
}
