// What changes while one looks: an element with `data-live` names a stream of JSON, and those inside it with
// `data-field` the member that they show. When the stream says that it is over the page is loaded again, once.
// A choice of a file with `data-into` puts its text into the field of that id, and its ending into that of `data-kind`.
"use strict";
const OVER = new Set(["complete", "failed"]);

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

for (const choice of document.querySelectorAll("input[data-into]")) {
  choice.addEventListener("change", async () => {
    const [file] = choice.files;
    if (file === undefined) return;
    const ending = file.name.split(".").pop().toLowerCase();
    document.getElementById(choice.dataset.kind).value = ending === "yml" ? "yaml" : ending;
    document.getElementById(choice.dataset.into).value = await file.text();
  });
}
