// Keys, the sum of points, and a warning before something typed is lost. The page works without this as well.
"use strict";

const form = document.getElementById("marking");
const withKeys = document.getElementById("with-keys");
let isSent = false;
const OFF = "keys of one letter are off";

function sum() {
  let points = Number(form.dataset.start);
  for (const box of form.querySelectorAll('input[name="item"]:checked')) points += Number(box.dataset.points);
  const typed = Number(document.getElementById("adjustment").value.trim().replace(",", ".").replace("−", "-"));
  const most = Number(form.dataset.most);
  const output = document.getElementById("points");
  if (Number.isNaN(typed)) {
    output.textContent = "Points: the number above cannot be read";
    return;
  }
  const given = Math.round(Math.min(Math.max(points + typed, 0), most) * 1e6) / 1e6;
  output.textContent = `Points: ${given} of ${most}`;
}

function state() {
  return JSON.stringify([...new FormData(form)].filter(([name]) => name !== "seen"));
}

if (form) {
  let known = state();
  form.addEventListener("input", sum);
  window.addEventListener("beforeunload", (event) => {
    if (!isSent && state() !== known) event.preventDefault();
  });
  // A browser that comes back to a page fills in what was typed there; what was refused is typed as well.
  if (document.querySelector(".alert[role=alert]")) known = "";
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    const inEdit = event.target.closest(".edit") !== null;
    if (event.ctrlKey || event.metaKey || (inEdit && event.target.tagName === "INPUT")) {
      event.preventDefault();
      form.requestSubmit(inEdit ? document.getElementById("save-rubric") : form.querySelector('[value="save"]'));
    }
  });
  sum();
  withKeys.checked = localStorage.getItem(OFF) === null;
  withKeys.addEventListener("change", () => {
    if (withKeys.checked) localStorage.removeItem(OFF); else localStorage.setItem(OFF, "");
  });
}

function isTyping(target) {
  return target.closest('textarea, select, input:not([type="checkbox"])') !== null;
}

function press(element) {
  if (element.tagName === "SUMMARY") {
    element.click();
    if (element.parentElement.open) (element.parentElement.querySelector("input, textarea") || element).focus();
  } else if (element.tagName === "A") {
    element.click();
  } else if (element.type === "checkbox") {
    element.click();
  } else {
    element.form.requestSubmit(element);
  }
}

document.addEventListener("submit", () => { isSent = true; });
window.addEventListener("pageshow", () => { isSent = false; });

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented) return;
  if (isSent) {
    event.preventDefault(); // it is meant for the page that comes
    return;
  }
  if (event.key === "Escape" && isTyping(event.target)) {
    event.target.blur();
    document.getElementById("heading")?.focus();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
  if (isTyping(event.target)) return;
  if (event.key === "Enter") {
    // On a link, a button or a fold, Enter does what it does everywhere.
    if (event.target.closest("a, button, summary") !== null || !form) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector('[value="save"]'));
    return;
  }
  if (withKeys && !withKeys.checked) return;
  const focused = { c: "comment", f: "near" }[event.key];
  const element = focused ? document.getElementById(focused)
    : event.key === "o" ? document.getElementById("overview")
    : document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!element) return;
  event.preventDefault();
  if (focused) element.focus(); else press(element);
});

// Said anew once the page is there: screen readers read what changes in a live region, not what stands in it.
const said = document.getElementById("said");
const words = said.dataset.said;
if (words) {
  said.textContent = "";
  setTimeout(() => { said.textContent = words; }, 100);
}
document.getElementById("heading")?.focus({ preventScroll: true });
