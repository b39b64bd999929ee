
"use strict";
// The table of cases: filtered, sorted, a page of rows at a time. Texts go in as text, never as markup.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const at = (id) => document.getElementById(id);
  const NONE = "–";
  const SHOWN_VALUES = 4;
  const controls = ["search", "status", "bundle", "kind", "outlier", "value", "rows"];

  // --- what a case says -------------------------------------------------------------------------------------------------

  function number(value) { // as msk_monai.report.numbers.number_text
    if (value === null || value === undefined) return NONE;
    if (Math.abs(value) >= 1000) return value.toFixed(0);
    const rounded = Number(value.toPrecision(4));
    if (rounded === 0 || Math.abs(rounded) >= 1e-4) return String(rounded);
    return rounded.toExponential().replace(/e-(\d)$/, "e-0$1");
  }

  function withUnit(text, unit) {
    return unit === "" || text === NONE ? text : unit === "°" ? text + unit : text + " " + unit;
  }

  function valueText([column, value, lower, upper]) {
    const text = withUnit(number(value), data.columns[column][1]);
    const known = (bound) => bound !== null && bound !== undefined;
    return value !== null && known(lower) && known(upper) ? `${text} (${number(lower)} to ${number(upper)})` : text;
  }

  function flagsOf(item) {
    return (item.values || []).flatMap((row) => row[4] || []);
  }

  for (const item of data.cases) { // once, so that filtering only compares
    const flags = [...new Set(flagsOf(item))];
    item.kinds = new Set(flags.map((flag) => data.flags[flag][1]));
    if (item.kind !== undefined) item.kinds.add(item.kind);
    item.outlying = new Set(item.outliers || []);
    item.flagCount = flagsOf(item).length;
    item.worth = new Map([...(item.values || []), ...(item.compared || [])].map((row) => [row[0], row[1]]));
    const texts = [item.case, item.reason, item.study, item.series, item.path, item.modality, data.bundles[item.bundle]];
    item.text = [...texts, ...flags.map((flag) => data.flags[flag][0])].filter(Boolean).join("\n").toLowerCase();
  }

  // --- making elements --------------------------------------------------------------------------------------------------

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(name, value);
    element.append(...children.filter((child) => child !== null));
    return element;
  }

  function option(value, label) {
    return make("option", { value }, label);
  }

  function columnLabel(column) {
    const [name, unit, , compared] = data.columns[column];
    return (compared ? `${name} (against the truth)` : name) + (unit ? `, ${unit}` : "");
  }

  function fill(id, all, entries) {
    const select = at(id);
    select.replaceChildren(option("", all), ...entries);
    select.parentElement.hidden = entries.length === 0;
  }

  function counted(sets) {
    const counts = new Map();
    for (const set of sets) for (const key of set) counts.set(key, (counts.get(key) || 0) + 1);
    return counts;
  }

  function columnOptions(columns, label) { // grouped by bundle where there are several
    const groups = data.bundles.map((name, bundle) => [name, columns.filter((column) => data.columns[column][2] === bundle)]);
    const full = groups.filter(([, own]) => own.length);
    const options = (own) => own.map((column) => option(column, label(column)));
    return full.length > 1 ? full.map(([name, own]) => make("optgroup", { label: name }, ...options(own))) : full.flatMap(([, own]) => options(own));
  }

  function fillControls() {
    const tell = (counts, name) => [...counts].sort((a, b) => b[1] - a[1]).map(([key, count]) => option(key, `${name(key)} (${count})`));
    const statuses = counted(data.cases.map((item) => [item.status]));
    fill("status", "all", [...statuses].sort((a, b) => a[0] - b[0]).map(([key, count]) => option(key, `${data.statuses[key]} (${count})`)));
    const bundles = counted(data.cases.map((item) => [item.bundle]));
    fill("bundle", "all", bundles.size > 1 ? tell(bundles, (key) => data.bundles[key]) : []);
    fill("kind", "any or none", tell(counted(data.cases.map((item) => item.kinds)), (key) => data.kinds[key]));
    const outlying = counted(data.cases.map((item) => item.outlying));
    const any = data.cases.filter((item) => item.outlying.size).length;
    const label = (column) => `${columnLabel(column)} (${outlying.get(column)})`;
    const columns = [...outlying.keys()].sort((a, b) => a - b);
    fill("outlier", "with or without", any ? [option("any", `any (${any})`), ...columnOptions(columns, label)] : []);
    fill("value", "none", columnOptions(data.columns.map((_, column) => column), columnLabel));
  }

  // --- which rows, in which order ---------------------------------------------------------------------------------------

  const order = { key: "status", down: false };
  let first = 0;
  let found = [];
  let open = -1;

  const sortKeys = {
    case: (item) => item.case,
    status: (item) => item.status,
    warnings: (item) => item.outlying.size * 1000 + item.flagCount,
    value: (item) => item.worth.get(Number(at("value").value)),
  };

  const collator = new Intl.Collator("en", { numeric: true }); // case 9 before case 10

  function compare(a, b) {
    if (typeof a === "string") return collator.compare(a, b);
    return a - b;
  }

  function sorted(items) {
    const key = sortKeys[order.key];
    const sign = order.down ? -1 : 1;
    const lacking = (value) => value === undefined || value === null;
    return items
      .map((item, place) => [key(item), item, place])
      .sort(([a, , i], [b, , j]) => {
        if (lacking(a) || lacking(b)) return lacking(a) - lacking(b) || i - j; // what lacks comes last in either direction
        return sign * compare(a, b) || i - j;
      })
      .map(([, item]) => item);
  }

  function passing() {
    const words = at("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const [status, bundle, kind, outlier] = ["status", "bundle", "kind", "outlier"].map((id) => at(id).value);
    return data.cases.filter((item) =>
      (status === "" || item.status === Number(status)) &&
      (bundle === "" || item.bundle === Number(bundle)) &&
      (kind === "" || item.kinds.has(Number(kind))) &&
      (outlier === "" || (outlier === "any" ? item.outlying.size > 0 : item.outlying.has(Number(outlier)))) &&
      words.every((word) => item.text.includes(word)));
  }

  // --- the table --------------------------------------------------------------------------------------------------------

  function heads() {
    const value = at("value").value;
    const several = data.bundles.length > 1 ? "Case, bundle" : "Case";
    return [
      ["picture", "Picture", false], ["case", several, true], ["status", "Status", true],
      ...(value === "" ? [] : [["value", columnLabel(Number(value)), true]]),
      ["findings", "Findings", false], ["warnings", "Outliers and flags", true],
    ];
  }

  function headRow() {
    return heads().map(([key, label, sortable]) => {
      const cell = make("th", { scope: "col", role: "columnheader", class: `c-${key}` });
      if (!sortable) {
        cell.append(make("span", {}, label));
        return cell;
      }
      cell.setAttribute("aria-sort", order.key !== key ? "none" : order.down ? "descending" : "ascending");
      const button = make("button", { type: "button", "data-sort": key }, label);
      button.addEventListener("click", () => {
        order.down = order.key === key ? !order.down : key === "value" || key === "warnings";
        order.key = key;
        update();
        at("table").querySelector(`[data-sort="${key}"]`).focus();
      });
      cell.append(button, make("span", { class: "printed", "aria-hidden": "true" }, label));
      return cell;
    });
  }

  function pictureCell(item, place) {
    if (!item.picture) return [];
    const inside = item.thumbnail
      ? make("img", { src: `data:image/webp;base64,${item.thumbnail}`, alt: `Overlay of ${item.case}` })
      : "picture";
    const link = make("a", { href: item.picture }, inside);
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // as any link: in another tab or window
      event.preventDefault();
      view(place);
    });
    return [link];
  }

  function lines(texts) {
    return texts.length ? [make("ul", {}, ...texts.map((text) => make("li", {}, text)))] : [];
  }

  function named(row) {
    return `${data.columns[row[0]][0]} ${valueText(row)}`;
  }

  function findings(item, most) {
    const texts = [];
    if (item.slice) texts.push(`slice ${item.slice[0]}, z = ${item.slice[1].toFixed(1)} mm`);
    texts.push(...(item.values || []).filter((row) => row[1] !== null && row[1] !== undefined).slice(0, most).map(named));
    if (!item.values) texts.push(...Object.entries(item.classes || {}).map(([name, share]) => `${name} ${(100 * share).toFixed(0)} %`));
    return texts;
  }

  function everything(item) { // all that the page knows of a case; made when it is asked for
    const row = (name, ...content) => make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, ...content));
    const values = (item.values || []).map((value) => row(
      data.columns[value[0]][0], valueText(value), ...(item.outlying.has(value[0]) ? [make("span", { class: "outlier" }, " outlier")] : []),
      ...(value[4] || []).map((flag) => make("span", { class: "flag" }, ` ${data.flags[flag][0]}`))));
    const compared = (item.compared || []).map(([column, value]) => row(columnLabel(column), number(value)));
    const classes = Object.entries(item.classes || {}).map(([name, share]) => row(name, `${(100 * share).toFixed(1)} %`));
    const facts = [["Modality", item.modality], ["Study", item.study], ["Series", item.series], ["Source", item.path]]
      .filter(([, text]) => text).map(([name, text]) => row(name, text));
    if (item.seconds !== undefined) facts.push(row("Time", `${item.seconds} s`));
    const files = (item.files || []).map(([kind, path]) => row(kind, make("a", { href: path }, decodeURIComponent(path))));
    return make("table", { class: "all" }, make("tbody", {}, ...values, ...compared, ...classes, ...facts, ...files));
  }

  function findingsCell(item) {
    const more = make("details", {}, make("summary", {}, "details"));
    more.addEventListener("toggle", () => { if (more.open && more.childElementCount === 1) more.append(everything(item)); });
    return [...lines(findings(item, SHOWN_VALUES)), more];
  }

  function warningsCell(item) {
    const outliers = (item.values || []).filter((row) => item.outlying.has(row[0])).map((row) => make("li", { class: "outlier" }, `outlier: ${named(row)}`));
    const counts = counted(flagsOf(item).map((flag) => [flag]));
    const flags = [...counts].map(([flag, count]) => make("li", { class: "flag" }, data.flags[flag][0] + (count > 1 ? ` (${count} ×)` : "")));
    return outliers.length + flags.length ? [make("ul", {}, ...outliers, ...flags)] : [];
  }

  function badge(item) {
    const status = data.statuses[item.status];
    return make("span", { class: `status ${status}` }, status);
  }

  function bodyRow(item, place) {
    const cell = (key, content) => make("td", { role: "cell", class: `c-${key}` }, ...content);
    const bundle = data.bundles.length > 1 ? make("div", { class: "unit" }, data.bundles[item.bundle]) : null;
    const reason = item.reason ? make("div", {}, item.reason) : null;
    const value = at("value").value;
    const worth = value === "" ? null : item.worth.get(Number(value));
    return make("tr", { role: "row" },
      cell("picture", pictureCell(item, place)),
      cell("case", [make("div", { class: "case" }, item.case), ...(bundle ? [bundle] : [])]),
      cell("status", [badge(item), ...(reason ? [reason] : [])]),
      value === "" ? null : cell("value", worth === undefined ? [] : [withUnit(number(worth), data.columns[Number(value)][1])]),
      cell("findings", findingsCell(item)),
      cell("warnings", warningsCell(item)));
  }

  function update() {
    found = sorted(passing());
    const most = Number(at("rows").value);
    if (first >= found.length) first = 0;
    const shown = found.slice(first, first + most);
    const range = found.length > most ? `, rows ${first + 1} to ${first + shown.length}` : "";
    at("shown").textContent = `${found.length} of ${data.cases.length} results${range}`;
    at("table").tHead.rows[0].replaceChildren(...headRow());
    at("table").tBodies[0].replaceChildren(...shown.map((item, index) => bodyRow(item, first + index)));
    at("pager").hidden = found.length <= most;
    at("page").textContent = `${Math.floor(first / most) + 1} of ${Math.max(1, Math.ceil(found.length / most))}`;
    at("previous").disabled = first === 0;
    at("next").disabled = first + most >= found.length;
  }

  function turn(direction) {
    first = Math.max(0, first + direction * Number(at("rows").value));
    update();
    at("cases").scrollIntoView();
  }

  // --- the picture, enlarged --------------------------------------------------------------------------------------------

  function view(place) {
    const item = found[place];
    open = place;
    const image = at("viewer-image");
    at("viewer-title").textContent = item.case;
    at("viewer-link").href = item.picture;
    at("viewer-note").textContent = "";
    image.alt = `Overlay of ${item.case}`;
    image.onerror = () => { // the page was moved without its folder
      image.onerror = null;
      at("viewer-note").textContent = `The full picture, ${decodeURIComponent(item.picture)}, is not beside this page.`;
      if (item.thumbnail) image.src = `data:image/webp;base64,${item.thumbnail}`;
    };
    image.src = item.picture;
    at("viewer-text").replaceChildren(badge(item), ...(item.reason ? [` ${item.reason}`] : []), ...lines(findings(item, SHOWN_VALUES)), ...warningsCell(item));
    at("viewer-previous").disabled = beside(-1) < 0;
    at("viewer-next").disabled = beside(1) < 0;
    if (!at("viewer").open) at("viewer").showModal();
  }

  function beside(direction) {
    for (let place = open + direction; place >= 0 && place < found.length; place += direction) if (found[place].picture) return place;
    return -1;
  }

  function step(direction) {
    const place = beside(direction);
    if (place >= 0) view(place);
  }

  // --- what the rest of the page points at ------------------------------------------------------------------------------

  function columnOf(value) {
    const [bundle, name, unit] = value.split("\t");
    return data.columns.findIndex((column) => data.bundles[column[2]] === bundle && column[0] === name && column[1] === unit && !column[3]);
  }

  function pick(field, value) {
    at("controls").reset();
    if (field === "kind") at("kind").value = data.kinds.indexOf(value);
    else {
      const column = columnOf(value);
      at("value").value = column;
      if (field === "outlier") at("outlier").value = column;
      order.key = "value";
      order.down = true;
    }
    first = 0;
    update();
    at("cases").scrollIntoView();
    at("table").querySelector("button").focus({ preventScroll: true });
  }

  fillControls();
  for (const id of controls) at(id).addEventListener("input", () => {
    if (id === "value") [order.key, order.down] = at("value").value === "" ? ["status", false] : ["value", true];
    first = 0;
    update();
  });
  at("controls").addEventListener("submit", (event) => event.preventDefault());
  at("controls").addEventListener("reset", () => {
    [order.key, order.down, first] = ["status", false, 0];
    setTimeout(update); // the fields change after this
  });
  at("previous").addEventListener("click", () => turn(-1));
  at("next").addEventListener("click", () => turn(1));
  at("viewer-previous").addEventListener("click", () => step(-1));
  at("viewer-next").addEventListener("click", () => step(1));
  at("viewer-close").addEventListener("click", () => at("viewer").close());
  at("viewer").addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  });
  for (const button of document.querySelectorAll(".pick")) {
    button.addEventListener("click", () => pick(button.dataset.field, button.dataset.value));
    button.hidden = false;
    button.nextElementSibling.hidden = true;
  }
  at("controls").hidden = at("hint").hidden = at("table").hidden = false;
  update();
})();
