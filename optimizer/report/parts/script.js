"use strict";
// The page works without this: it adds the theme that was chosen last, sorting, filters, and files that fold.
document.documentElement.classList.add("js");

function remembered(value) {
  try {
    if (value === undefined) return localStorage.getItem("dockopt-theme");
    localStorage.setItem("dockopt-theme", value);
  } catch { /* A page out of a file may have no storage. */ }
  return null;
}

function themes() {
  const chosen = document.getElementById("theme-" + remembered());
  if (chosen) chosen.checked = true;
  document.querySelector(".theme").addEventListener("change", (event) => remembered(event.target.value));
}

// What is in a <noscript> is text where scripts run: it costs nothing until a file is opened.
const policy = window.trustedTypes?.createPolicy("dockopt", { createHTML: (text) => text });
function parsed(text) {
  const tree = new DOMParser().parseFromString(policy ? policy.createHTML(text) : text, "text/html");
  return document.adoptNode(tree.body.firstElementChild);
}

function files() {
  const table = document.getElementById("table");
  if (!table) return;
  const byId = (id) => document.getElementById(id);
  const form = byId("filters"), find = byId("find"), state = byId("state"), transform = byId("transform");
  const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
  const texts = new Map([...document.querySelectorAll("noscript[data-file]")].map((one) => [one.dataset.file, one]));
  const number = (cell) => Number(cell.dataset.v ?? cell.textContent.replaceAll(",", ""));
  const rows = [...body.rows].map((row, at) => {
    const link = row.cells[0].querySelector("a");
    const values = [...row.cells].map((cell, column) => (column < 2 ? cell.textContent.trim() : number(cell)));
    return { row, at, link, values, file: link?.hash.slice(1), path: values[0].toLowerCase(), detail: null,
             states: row.dataset.s.split(" "), transforms: row.dataset.t.split(" ") };
  });
  const byFile = new Map(rows.filter((one) => one.file).map((one) => [one.file, one]));
  const byLink = new Map(rows.filter((one) => one.link).map((one) => [one.link, one]));
  const step = Number(table.dataset.step);
  let order = rows, fitting = rows, limit = step;

  function open(one) {
    if (one.detail || !texts.has(one.file)) return;
    one.detail = document.createElement("tr");
    one.detail.className = "detail";
    const cell = one.detail.insertCell();
    cell.colSpan = heads.length;
    cell.append(parsed(texts.get(one.file).textContent));
    one.row.after(one.detail);
    one.row.classList.add("opened");
    one.link.setAttribute("aria-expanded", "true");
  }

  function fold(one) {
    one.detail?.remove();
    one.detail = null;
    one.row.classList.remove("opened");
    one.link?.setAttribute("aria-expanded", "false");
  }

  function show() {
    const wanted = find.value.trim().toLowerCase();
    const words = wanted ? wanted.split(/\s+/) : [];
    const fits = (one) => words.every((word) => one.path.includes(word))
      && (!state.value || one.states.includes(state.value))
      && (!transform.value || one.transforms.includes(transform.value));
    fitting = order.filter(fits);
    const visible = new Set(fitting.slice(0, limit));
    for (const one of rows) {
      const hidden = !visible.has(one);
      if (one.row.hidden !== hidden) one.row.hidden = hidden;
      if (one.detail) one.detail.hidden = hidden;
    }
    const many = fitting.length.toLocaleString("en"), all = rows.length.toLocaleString("en");
    byId("shown").textContent = fitting.length < rows.length ? `${many} of ${all} files` : `${all} files`;
    byId("nothing").hidden = fitting.length > 0;
    const left = fitting.length - visible.size;
    byId("more").parentElement.hidden = left === 0;
    byId("more").textContent = `Show ${Math.min(left, step)} more of ${left.toLocaleString("en")}`;
  }

  function filter() {
    limit = step;
    show();
  }

  function sort(column) {
    const head = heads[column];
    const was = head.getAttribute("aria-sort");
    const way = was ? (was === "ascending" ? "descending" : "ascending") : column < 2 ? "ascending" : "descending";
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", way);
    const sign = way === "ascending" ? 1 : -1;
    const compared = column === 0 ? (a, b) => a.at - b.at
      : (a, b) => (a.values[column] < b.values[column] ? -1 : a.values[column] > b.values[column] ? 1 : 0);
    order = [...rows].sort((a, b) => sign * compared(a, b) || a.at - b.at);
    body.remove(); // In the document each row that moves would be laid out with all that follow it.
    for (const one of order) body.append(one.row, ...(one.detail ? [one.detail] : []));
    table.append(body);
    show();
  }

  function reveal() {
    const one = byFile.get(decodeURIComponent(location.hash.slice(1)));
    if (!one) return;
    if (!fitting.includes(one)) form.reset();
    limit = Math.max(limit, order.indexOf(one) + 1);
    open(one);
    show();
    one.row.scrollIntoView({ block: "start" });
    one.link.focus({ preventScroll: true });
  }

  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(column));
  });
  for (const one of byLink.values()) one.link.setAttribute("aria-expanded", "false");
  table.addEventListener("click", (event) => {
    const one = byLink.get(event.target.closest("a"));
    if (!one || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (one.detail) fold(one);
    else open(one);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("main a");
    if (link && link.hash === location.hash && !table.contains(link)) reveal(); // The address stays as it is.
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  find.addEventListener("input", filter);
  state.addEventListener("change", filter);
  transform.addEventListener("change", filter);
  byId("open").addEventListener("click", () => fitting.slice(0, limit).forEach(open));
  byId("fold").addEventListener("click", () => rows.forEach((one) => one.detail && fold(one)));
  byId("more").addEventListener("click", () => { limit += step; show(); });
  for (const row of body.querySelectorAll(".later")) row.classList.remove("later");
  form.hidden = false;
  show();
  window.addEventListener("hashchange", reveal);
  reveal();
}

document.addEventListener("DOMContentLoaded", () => {
  themes();
  files();
});
