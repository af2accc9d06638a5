// What changes while one looks: an element with `data-live` names a stream of JSON, and those inside it with
// `data-field` the member that they show. When the stream says that it is over the page is loaded again, once.
// A slider with `data-worked` asks its page's twin what its place comes to, and shows it in what it is described by.
// A choice of a file with `data-into` puts its text into the field of that id, and its ending into that of `data-kind`.
// A page with `data-again` on it is about what runs: it is loaded again until it has none.
// A form with `data-upload` is sent with its progress shown, unless its files have more bytes than that says; its status
// has the words for what went wrong.
"use strict";
const OVER = new Set(["complete", "failed"]);
const AGAIN_MILLISECONDS = 2000;

function member(value, path) {
  return path.split(".").reduce((found, name) => (found === null || found === undefined ? found : found[name]), value);
}

for (const place of document.querySelectorAll("[data-live]")) {
  const stream = new EventSource(place.dataset.live);
  let state = null;
  stream.onmessage = (event) => {
    const told = JSON.parse(event.data);
    const moved = state !== null && told.state !== state;
    state = told.state;
    if (moved || OVER.has(state)) {
      stream.close();
      location.reload();
      return;
    }
    for (const field of place.querySelectorAll("[data-field]:not(.state)")) {
      const value = member(told, field.dataset.field);
      if (value !== undefined && value !== null) field.textContent = value;
    }
    const bar = place.querySelector("progress");
    if (bar !== null) {
      bar.max = told.progress.rows || 1;
      bar.value = told.progress.keysHeld || told.progress.rowsHeld;
    }
  };
}

if (document.querySelector("[data-again]") !== null) setTimeout(() => location.reload(), AGAIN_MILLISECONDS);

for (const choice of document.querySelectorAll("input[data-into]")) {
  choice.addEventListener("change", async () => {
    const [file] = choice.files;
    if (file === undefined) return;
    const ending = file.name.split(".").pop().toLowerCase();
    document.getElementById(choice.dataset.kind).value = ending === "yml" ? "yaml" : ending;
    document.getElementById(choice.dataset.into).value = await file.text();
  });
}

for (const form of document.querySelectorAll("form[data-upload]")) {
  const [bar, told, button] = [form.querySelector("progress"), form.querySelector("[role=status]"), form.querySelector("button")];
  const ended = (words) => {
    told.textContent = words;
    bar.hidden = true;
    button.disabled = false;
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const bytes = [...form.querySelector("input[type=file]").files].reduce((sum, file) => sum + file.size, 0);
    if (bytes > Number(form.dataset.upload)) {
      ended(told.dataset.large);
      return;
    }
    const sent = new XMLHttpRequest();
    sent.responseType = "document";
    sent.upload.onprogress = (step) => {
      [bar.max, bar.value] = [step.total, step.loaded];
      told.textContent = step.loaded < step.total ? `${Math.floor((100 * step.loaded) / step.total)} %` : told.dataset.kept;
    };
    sent.onload = () => {
      if (sent.status < 400) {
        location.assign(sent.responseURL);
        return;
      }
      const fault = sent.response?.querySelector("main");
      ended(fault ? fault.innerText.replace(/\s*\n\s*/g, " ") : told.dataset.broken);
    };
    sent.onerror = () => ended(told.dataset.broken);
    const data = new FormData(form);
    [bar.hidden, bar.value, button.disabled] = [false, 0, true];
    sent.open("POST", form.action);
    sent.setRequestHeader("Accept", "text/html");
    sent.send(data);
  });
}

for (const slider of document.querySelectorAll("input[data-worked]")) {
  const shown = document.getElementById(slider.getAttribute("aria-describedby"));
  let asked = 0;
  slider.addEventListener("input", async () => {
    const mine = (asked += 1);
    await new Promise((done) => setTimeout(done, 150)); // who drags it asks once
    if (mine !== asked) return;
    const answer = await fetch(`${slider.dataset.worked}?at=${slider.value}`);
    const value = answer.ok ? member(await answer.json(), shown.dataset.field) : undefined;
    if (mine === asked && value !== undefined) shown.textContent = value;
  });
}
